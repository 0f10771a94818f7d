-- A host's part in what all hosts share: all get alike, those that came first get the rest, and what somebody still
-- holds is given to nobody else.
local all, held, wanted, until_ = number(), number(), number(), now + number()
local name, me = shard .. 'seats', ARGV[3]
if held + wanted == 0 then
  redis.call('HDEL', name, me)
  return done('0')
end
local came, before, others, hosts = nil, 0, 0, 1
local found = redis.call('HGETALL', name)
for at = 1, #found, 2 do
  local since, holds, ends = found[at + 1]:match('^(%d+) (%d+) (%d+)$')
  if found[at] == me then
    came = since
  elseif tonumber(ends) <= now then
    redis.call('HDEL', name, found[at])
    found[at] = false
  else
    others, hosts = others + holds, hosts + 1
  end
end
came = came or tick()
for at = 1, #found, 2 do
  if found[at] and found[at + 1] < came then before = before + 1 end
end
local share = math.floor(all / hosts) + (before < all % hosts and 1 or 0)
local given = math.max(0, math.min(wanted, share, all - others))
redis.call('HSET', name, me, came .. ' ' .. int(math.max(given, held)) .. ' ' .. int(until_))
return done(int(given))
