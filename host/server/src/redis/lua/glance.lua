-- What goes on at a place, and its conversation.
local place = arg()
local talk = redis.call('HMGET', shard .. 'talk:' .. place, 'generation', 'flow', 'digest', 'rest', 'state', 'person')
return done(glance(place), talk)
