-- Throws away all that is kept of a place but its numbers. A repetition answers the same.
local place = arg()
local name, inbox = place_key(place), shard .. 'inbox:' .. place
if redis.call('EXISTS', name) == 0 then return done('0', '0', '0') end
local before = redis.call('HMGET', name, 'cleared', 'conversations', 'events', 'messages', 'epoch')
if before[1] == operation then return done(before[2], before[3], before[4]) end
sound_inbox(place)
sound_outbox(place)
sound_talk(place)
are('ZCARD', 'posted')
local outbox, closers, all, messages = shard .. 'outbox:' .. place, shard .. 'closers:' .. place, {}, 0
for _, ids in ipairs({redis.call('ZRANGE', outbox, 0, -1), redis.call('SMEMBERS', closers)}) do
  for _, id in ipairs(ids) do
    -- What is broken goes as well.
    local whole, one = pcall(outgoing, id)
    all[id] = whole and one
    if all[id] and one.closes ~= '' then are('SCARD', 'closings:' .. one.closes) end
  end
end

local conversations = int(redis.call('EXISTS', shard .. 'talk:' .. place))
close(place)
local events = redis.call('ZCARD', inbox)
count('inbox', 0 - events)
redis.call('DEL', inbox, shard .. 'event:' .. place, shard .. 'journal:' .. place)
redis.call('HSET', name, 'epoch', next_epoch(before[5]))
redis.call('HDEL', name, 'claimed', 'current', 'pin', 'attempt')
unready(place)

for id, one in pairs(all) do
  if one then
    remove(id, one)
  else
    redis.call('DEL', shard .. 'message:' .. id)
    count('outbox', -1)
  end
  messages = messages + 1
end
redis.call('DEL', outbox, closers)
-- Only what can be answered is kept after it was posted; its place begins its id.
local turns = place .. '@'
for _, id in ipairs(redis.call('ZRANGE', shard .. 'posted', 0, -1)) do
  if id:sub(1, #turns) == turns then
    redis.call('DEL', shard .. 'posted:' .. id)
    redis.call('ZREM', shard .. 'posted', id)
  end
end
redis.call('HSET', name, 'cleared', operation, 'conversations', conversations, 'events', int(events), 'messages', int(messages))
return done(conversations, int(events), int(messages))
