-- A message was not posted. Only one that has a time can be told another.
local id, due, doubt = arg(), now + number(), arg()
local name = shard .. 'message:' .. id
local found = redis.call('HMGET', name, 'slot', 'sending', 'operation')
if not found[1] then return done('unknown') end
-- Twice by one operation, it would take the mark from whoever took the message meanwhile.
if found[3] == operation or not redis.call('ZSCORE', shard .. 'due', found[1]) then return done('ok') end
redis.call('HSET', name, 'sending', '', 'doubt', doubt, 'operation', operation)
set_due(id, found[2] == 'woken' and now or due)
return done('ok')
