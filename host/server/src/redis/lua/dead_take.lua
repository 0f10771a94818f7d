-- Takes a dead letter away, and puts what it held back where that is wanted. A repetition answers the same.
local id, how = arg(), arg()
sound_letters()
if how == 'event' then sound_inbox(ARGV[7]) end
if how == 'message' then sound_outbox(ARGV[8]) end
local taken_by = shard .. 'dead:taken:' .. id
if redis.call('ZREM', shard .. 'dead', id) == 0 then
  return done(redis.call('GET', taken_by) == operation and '1' or '')
end
redis.call('HDEL', shard .. 'dead:letters', id)
redis.call('SET', taken_by, operation, 'PX', 60000)
if how == 'event' then append(arg(), '', now, arg(), arg()) end
if how == 'message' then post_all() end
return done('1')
