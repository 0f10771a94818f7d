-- A component becomes a flow's current one, unless it has to be new and is not. The grace of the former begins. Answers
-- what is current then.
local flow, digest, if_new, remembered = arg(), arg(), arg(), number()
local deployed = shard .. 'deployed:' .. flow
local former = redis.call('HGET', shard .. 'current', flow)
if if_new ~= '' and redis.call('ZSCORE', deployed, digest) then return done(former) end
if former then redis.call('HSET', shard .. 'held', former, int(now)) end
redis.call('HSET', shard .. 'current', flow, digest)
redis.call('ZADD', deployed, tick(), digest)
redis.call('ZREMRANGEBYRANK', deployed, 0, -remembered - 1)
wake('c')
return done(digest)
