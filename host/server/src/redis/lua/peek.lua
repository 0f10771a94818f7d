-- The first of an index by time, and those that are due, at most so many.
local index, most = shard .. arg(), number()
local first = redis.call('ZRANGE', index, 0, 0, 'WITHSCORES')[2] or false
local due = {}
if most > 0 then due = redis.call('ZRANGEBYSCORE', index, '-inf', int(now), 'WITHSCORES', 'LIMIT', 0, most) end
return done(first, due)
