-- Forgets what was posted long ago, at most so many; answers how many there were.
local old, most = int(now - number()), arg()
local found = redis.call('ZRANGEBYSCORE', shard .. 'posted', '-inf', old, 'LIMIT', 0, most)
for _, id in ipairs(found) do
  redis.call('DEL', shard .. 'posted:' .. id)
  redis.call('ZREM', shard .. 'posted', id)
end
return done(int(#found))
