-- A call is about to be made.
local place, epoch = arg(), arg()
if not owned(place, epoch) then return done('stale') end
redis.call('HSETNX', place_key(place), 'pin', arg())
redis.call('HSETNX', shard .. 'journal:' .. place, arg(), arg())
return done('ok')
