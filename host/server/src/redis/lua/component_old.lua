-- Components that no flow has had for long. Those that this host offers are not among them, whoever made another
-- version current: it may begin conversations on them.
local old = now - number()
for _ = 1, number() do
  local offered = arg()
  if redis.call('HEXISTS', shard .. 'held', offered) == 1 then
    redis.call('HSET', shard .. 'held', offered, int(now))
  end
end
local current = {}
for _, digest in ipairs(redis.call('HVALS', shard .. 'current')) do current[digest] = true end
local held, found = redis.call('HGETALL', shard .. 'held'), {}
for at = 1, #held, 2 do
  if not current[held[at]] and tonumber(held[at + 1]) <= old then found[#found + 1] = held[at] end
end
return done(found)
