-- The first of an index by time, and those that are due, at most so many.
local index, most = arg(), number()
local due = {}
if most > 0 then due = redis.call('ZRANGEBYSCORE', shard .. index, '-inf', int(now), 'WITHSCORES', 'LIMIT', 0, most) end
return done(first_due(index), due)
