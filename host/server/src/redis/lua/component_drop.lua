-- Drops a component that no conversation holds, if it is still as old as that.
local digest, old = arg(), now - number()
for _, current in ipairs(redis.call('HVALS', shard .. 'current')) do
  if current == digest then return done() end
end
if tonumber(redis.call('HGET', shard .. 'held', digest) or now) > old then return done() end
redis.call('HDEL', shard .. 'held', digest)
redis.call('UNLINK', shard .. 'bytes:' .. digest)
return done()
