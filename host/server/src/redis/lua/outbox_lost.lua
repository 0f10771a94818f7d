-- What must be known of the place of a message that can never be posted, to say what becomes of it.
local place = arg()
local last = redis.call('HGET', place_key(place), 'last') or '0'
local talk = redis.call('HMGET', shard .. 'talk:' .. place, 'generation', 'flow', 'digest', 'person')
return done(last, talk)
