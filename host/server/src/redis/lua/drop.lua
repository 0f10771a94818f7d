-- Throws a record away. A repetition answers the same.
local index, records, at, flow = shard .. arg(), shard .. arg(), arg(), arg()
local dropped_by = index .. ':dropped:' .. at
if redis.call('ZREM', index, at) == 0 then
  return done(redis.call('GET', dropped_by) == operation and '1' or '')
end
redis.call('HDEL', records, at)
redis.call('SET', dropped_by, operation, 'PX', 60000)
if flow ~= '' and redis.call('ZCARD', index) == 0 then redis.call('SREM', shard .. 'completed:flows', flow) end
return done('1')
