-- Places with an open conversation, from one on, at most so many. What a conversation keeps is left out.
local from, most = arg(), arg()
local found = {}
for at, place in ipairs(redis.call('ZRANGEBYLEX', shard .. 'talks', from, '+', 'LIMIT', 0, most)) do
  local talk = redis.call('HMGET', shard .. 'talk:' .. place, 'generation', 'flow', 'digest', 'rest', 'person')
  found[at] = {place, glance(place), {talk[1], talk[2], talk[3], talk[4], '', talk[5]}}
end
return done(found)
