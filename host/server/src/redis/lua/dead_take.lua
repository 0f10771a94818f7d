-- Takes a dead letter away, and puts what it held back where that is wanted. A repetition answers the same.
local id, how = arg(), arg()
sound_letters()
local place, person, event, all
if how == 'event' then
  place, person, event = arg(), arg(), arg()
  sound_inbox(place)
  are('HLEN', 'place:' .. place)
elseif how == 'message' then
  all = messages()
  if all[1] then are('HLEN', 'place:' .. all[1][1]) end
end
local taken_by = shard .. 'dead:taken:' .. id
if redis.call('ZREM', shard .. 'dead', id) == 0 then
  return done(redis.call('GET', taken_by) == operation and '1' or '')
end
redis.call('HDEL', shard .. 'dead:letters', id)
redis.call('SET', taken_by, operation, 'PX', 60000)
if event then append(place, '', now, person, event) end
if all then post_all(all) end
return done('1')
