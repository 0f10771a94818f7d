-- Somebody waits for the messages of a place at this host: they are due, and this host's. What it is sending is not sent
-- twice; but should that fail, it is not waited for. What another host is sending is in doubt.
local place = arg()
sound_outbox(place)
are('ZCARD', 'due:' .. ARGV[3])
local former, home = shard .. due_of(place, ''), homes[place]
redis.call('HSET', shard .. 'home', place, ARGV[3])
homes[place] = ARGV[3]
local was_here = not home or home == ARGV[3]
local function rouse(id)
  local one = outgoing(id)
  local due = redis.call('ZSCORE', former, one.slot)
  if not due then return end
  redis.call('ZREM', former, one.slot)
  if one.sending ~= '' then redis.call('HSET', shard .. 'message:' .. id, 'sending', 'woken') end
  set_due(id, one.sending ~= '' and was_here and due or now)
end
for _, id in ipairs(redis.call('ZRANGE', shard .. 'outbox:' .. place, 0, 0)) do rouse(id) end
for _, id in ipairs(redis.call('SMEMBERS', shard .. 'closers:' .. place)) do rouse(id) end
wake('o')
return done('ok')
