-- A flow has no current component any more. The grace of the former begins.
local flow = arg()
local former = redis.call('HGET', shard .. 'current', flow)
if not former then return done() end
redis.call('HSET', shard .. 'held', former, int(now))
redis.call('HDEL', shard .. 'current', flow)
wake('c')
return done()
