-- Prolongs the mark of a message that is still being sent.
local _, id, attempt, until_ = arg(), arg(), arg(), now + number()
local one = taken_by(attempt, id)
if not one then return done('stale') end
redis.call('ZADD', shard .. due_of(one.place, one.sent), int(until_), one.slot)
return done('ok')
