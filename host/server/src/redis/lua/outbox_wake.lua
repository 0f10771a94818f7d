-- The messages of a place are due. What is being sent is not sent twice; but should it fail, it is not waited for.
local place = arg()
local function rouse(id)
  local found = redis.call('HMGET', shard .. 'message:' .. id, 'slot', 'sending')
  if not redis.call('ZSCORE', shard .. 'due', found[1]) then return end
  if found[2] ~= '' then
    redis.call('HSET', shard .. 'message:' .. id, 'sending', 'woken')
  else
    set_due(id, now)
  end
end
for _, id in ipairs(redis.call('ZRANGE', shard .. 'outbox:' .. place, 0, 0)) do rouse(id) end
for _, id in ipairs(redis.call('SMEMBERS', shard .. 'closers:' .. place)) do rouse(id) end
wake('o')
return done('ok')
