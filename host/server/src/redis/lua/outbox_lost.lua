-- What must be known of a message that can never be posted, to say what becomes of it.
local found = redis.call('HMGET', shard .. 'message:' .. arg(), 'place', 'message', 'attempt', 'closes')
if not found[1] then return done('unknown') end
local last = redis.call('HGET', place_key(found[1]), 'last') or '0'
local talk = redis.call('HMGET', shard .. 'talk:' .. found[1], 'generation', 'flow', 'digest', 'person')
return done('ok', found, last, talk)
