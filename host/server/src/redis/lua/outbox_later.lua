-- A message was not posted, or its copies not looked for.
local place, id, attempt, due, doubt = arg(), arg(), arg(), now + number(), arg()
local one = taken_by(attempt, id)
if not one then return done(settled(place) and 'ok' or 'stale') end
sound_outbox(place)
are('ZCARD', due_of(place, one.sent))
settle(place)
redis.call('HSET', shard .. 'message:' .. id, 'sending', '', 'doubt', doubt)
set_due(id, one.sending == 'woken' and now or due)
return done('ok')
