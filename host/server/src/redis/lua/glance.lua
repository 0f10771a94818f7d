-- What goes on at a place.
local place = arg()
local until_ = redis.call('ZSCORE', shard .. 'claimed', place)
local running = until_ and tonumber(until_) > now and '1' or ''
local unsent = redis.call('ZCARD', shard .. 'outbox:' .. place) + redis.call('SCARD', shard .. 'closers:' .. place)
local talk = redis.call('HMGET', shard .. 'talk:' .. place, 'generation', 'flow', 'digest', 'rest', 'state')
return done(running, int(redis.call('ZCARD', shard .. 'inbox:' .. place)), int(unsent), talk)
