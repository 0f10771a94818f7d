-- The event of a place whose turn is not done.
local place = arg()
local found = redis.call('HMGET', place_key(place), 'current', 'attempt')
local event = found[1] and redis.call('HGET', shard .. 'event:' .. place, found[1])
if not event then return done(false) end
local _, _, inbound = event_parts(event)
return done(found[1], found[2] or '0', inbound, redis.call('HGETALL', shard .. 'journal:' .. place))
