-- What a call answered.
local place, epoch, intent = arg(), arg(), arg()
if not owned(place, epoch) then return done('stale') end
local journal = shard .. 'journal:' .. place
if redis.call('HEXISTS', journal, intent) == 0 then return done('no intent') end
redis.call('HSETNX', journal, arg(), arg())
return done('ok')
