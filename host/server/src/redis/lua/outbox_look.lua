-- Copies of a message are to be looked for then, or later where that was said before, unless whoever has it looks anyway.
local place, id, can_be_answered, message, due = arg(), arg(), arg(), arg(), now + number()
local name = shard .. 'message:' .. id
are('ZCARD', due_of(place, '-'))
local one = outgoing(id)
if not one then
  local _, slot = next_slot(place, id)
  local receipt = redis.call('HGET', shard .. 'posted:' .. id, 'receipt')
  redis.call('HSET', name, 'place', place, 'slot', slot, 'message', message, 'closes', '', 'answerable', can_be_answered,
    'attempt', 0, 'doubt', '', 'sending', '', 'sent', receipt and '=' .. receipt or '-')
  set_due(id, due)
elseif one.sent ~= '' and one.sending == '' then
  local said = redis.call('ZSCORE', shard .. due_of(place, '-'), one.slot)
  set_due(id, math.max(due, tonumber(said) or 0))
end
return done('ok')
