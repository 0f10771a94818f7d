-- A message was posted. One that can be answered is kept with its receipt, so that it can be closed.
local id, receipt = arg(), arg()
local found = remove(id)
if not found then return done('unknown') end
if found.closes ~= '' then
  redis.call('DEL', shard .. 'posted:' .. found.closes)
  redis.call('ZREM', shard .. 'posted', found.closes)
elseif receipt ~= '' and found.answerable then
  -- A receipt comes with a mark before it, for it may be empty.
  redis.call('HSET', shard .. 'posted:' .. id, 'message', found.message, 'receipt', receipt:sub(2))
  redis.call('ZADD', shard .. 'posted', int(now), id)
  for _, closing in ipairs(redis.call('SMEMBERS', shard .. 'closings:' .. id)) do set_due(closing, now) end
else
  drop_closings(id)
end
return done('ok')
