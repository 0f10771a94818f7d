-- Forgets calls that were in doubt long ago, at most so many; answers how many there were.
local old, most = int(now - number()), arg()
local found = redis.call('ZRANGEBYSCORE', shard .. 'doubted', '-inf', old, 'LIMIT', 0, most)
for _, at in ipairs(found) do
  redis.call('ZREM', shard .. 'doubts', at)
  redis.call('HDEL', shard .. 'doubt', at)
  redis.call('ZREM', shard .. 'doubted', at)
end
return done(int(#found))
