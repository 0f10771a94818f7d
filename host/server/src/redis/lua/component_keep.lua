-- A component is wanted: its grace begins, so that it is not dropped before it is current.
local digest = arg()
redis.call('HSETNX', shard .. 'held', digest, int(now))
return done(redis.call('EXISTS', shard .. 'bytes:' .. digest) == 1 and '1' or '')
