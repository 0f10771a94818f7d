-- A component is wanted: its grace begins, so that it is not dropped before it is current. One that has to be new and is
-- not, is not wanted.
local flow, digest, if_new = arg(), arg(), arg()
if if_new ~= '' and redis.call('ZSCORE', shard .. 'deployed:' .. flow, digest) then
  return done('known', redis.call('HGET', shard .. 'current', flow))
end
redis.call('HSET', shard .. 'held', digest, int(now))
return done(redis.call('EXISTS', shard .. 'bytes:' .. digest) == 1 and 'there' or 'absent')
