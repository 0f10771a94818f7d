-- Ends a claim without consequences.
local place, epoch = arg(), arg()
if not owned(place, epoch) then return done(ended(place) and 'ok' or 'stale') end
sound_inbox(place)
local due, counts = now + number(), arg()
local name = place_key(place)
redis.call('HSET', name, 'ended', operation)
redis.call('HDEL', name, 'claimed')
if counts == '' and tonumber(redis.call('HGET', name, 'attempt') or 0) > 0 then
  redis.call('HINCRBY', name, 'attempt', -1)
end
make_ready(place, due)
return done('ok')
