-- A component becomes a flow's current one, or none does. The grace of the former begins.
local flow, digest = arg(), arg()
local former = redis.call('HGET', shard .. 'current', flow)
if former then redis.call('HSET', shard .. 'held', former, int(now)) end
if digest == '' then
  redis.call('HDEL', shard .. 'current', flow)
else
  redis.call('HSET', shard .. 'current', flow, digest)
end
return done()
