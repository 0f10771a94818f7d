-- Marks messages by their members of `due` and of this host's own index, where they still are. A repetition answers what was marked, and counts no attempt.
local until_ = now + number()
local postings, all, own = {}, shard .. 'due', shard .. 'due:' .. ARGV[3]

local function take(member)
  local id = member:sub(33)
  local name = shard .. 'message:' .. id
  local one = outgoing(id)
  if not one or one.slot ~= member then
    -- There is no such message any more: nobody would ever take this one.
    redis.call('ZREM', all, member)
    redis.call('ZREM', own, member)
    return
  end
  local index = due_of(one.place, one.sent)
  local found = redis.call('HMGET', name, 'doubt', 'operation')
  local doubt, attempt = found[1], one.attempt
  if found[2] ~= operation then
    -- Somebody may have come to another host meanwhile.
    local due = (index == all or index == own) and redis.call('ZSCORE', index, member)
    if not due or tonumber(due) > now then return end
    attempt = redis.call('HINCRBY', name, 'attempt', 1)
    if one.sending ~= '' then doubt = '1' end
    redis.call('HSET', name, 'sending', '1', 'doubt', doubt, 'operation', operation)
    redis.call('ZADD', index, int(until_), member)
  end
  local closes = {}
  if one.closes ~= '' then closes = redis.call('HMGET', shard .. 'posted:' .. one.closes, 'message', 'receipt') end
  postings[#postings + 1] = {id, attempt, one.message, doubt, one.sent, closes[1] or false, closes[2] or false}
end

for _ = 1, number() do take(arg()) end
return done(postings)
