-- Records with a position above one, at most so many.
local index, records, after, most = shard .. arg(), shard .. arg(), arg(), arg()
local found = redis.call('ZRANGEBYLEX', index, '(' .. after, '+', 'LIMIT', 0, most)
local page = {}
for at, position in ipairs(found) do page[at] = {position, redis.call('HGET', records, position)} end
return done(page)
