-- A message was posted. One that can be answered is kept with its receipt, so that it can be closed; a receipt comes with a
-- mark before it, for it may be empty. With a time to look for copies the message itself stays until then.
local place, id, attempt, receipt, look = arg(), arg(), arg(), arg(), arg()
local one = taken_by(attempt, id)
if not one then return done(settled(place) and 'ok' or 'stale') end
sound_outbox(place)
local closings, next = closings_of(id), behind(id, one)
if look ~= '' or one.sent ~= '' then are('ZCARD', due_of(place, '-')) end
if receipt ~= '' or one.closes ~= '' then
  are('ZCARD', 'posted')
  are('HLEN', 'posted:' .. id)
end
settle(place)
local posted = shard .. 'posted:' .. id
if one.sent ~= '' then
  remove(id, one)
  if receipt ~= '' and redis.call('EXISTS', posted) == 1 then
    redis.call('HSET', posted, 'receipt', receipt:sub(2))
  end
  return done('ok')
end
if look == '' then
  remove(id, one, next)
else
  redis.call('ZREM', shard .. due_of(place, ''), one.slot)
  redis.call('HSET', shard .. 'message:' .. id, 'sending', '', 'sent', receipt == '' and '-' or receipt)
  set_due(id, now + tonumber(look))
  leave(id, one, next)
end
if one.closes ~= '' then
  redis.call('DEL', shard .. 'posted:' .. one.closes)
  redis.call('ZREM', shard .. 'posted', one.closes)
elseif receipt ~= '' and one.answerable then
  redis.call('HSET', posted, 'message', one.message, 'receipt', receipt:sub(2))
  redis.call('ZADD', shard .. 'posted', int(now), id)
  for closing in pairs(closings) do set_due(closing, now) end
else
  drop_all(closings)
end
return done('ok')
