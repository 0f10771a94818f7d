-- The first of some indexes by time, and those that are due, at most so many of each.
local most, first, due = number(), false, {}
for _ = 1, number() do
  local index = shard .. arg()
  local head = redis.call('ZRANGE', index, 0, 0, 'WITHSCORES')[2]
  if head and (not first or tonumber(head) < tonumber(first)) then first = head end
  local these = most > 0 and redis.call('ZRANGEBYSCORE', index, '-inf', int(now), 'WITHSCORES', 'LIMIT', 0, most) or {}
  for _, part in ipairs(these) do due[#due + 1] = part end
end
return done(first, due)
