-- A call of a turn is in doubt: recorded once for each call and what is done about it.
local place, epoch = arg(), arg()
if not owned(place, epoch) then return done('stale') end
are('ZCARD', 'doubts', 'doubted')
are('HLEN', 'doubt')
sound_tick()
local known, kept, doubt = shard .. 'doubted:' .. arg(), arg(), arg()
if redis.call('SET', known, '1', 'PX', kept, 'NX') then
  local at = position()
  redis.call('ZADD', shard .. 'doubts', 0, at)
  redis.call('HSET', shard .. 'doubt', at, doubt)
  redis.call('ZADD', shard .. 'doubted', int(now), at)
end
return done('ok')
