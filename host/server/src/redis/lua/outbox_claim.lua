-- Marks messages by their members of `due`, where they still are. A repetition answers what was marked, and counts no attempt.
local until_ = now + number()
local postings = {}

local function take(member)
  local id = member:sub(33)
  local name = shard .. 'message:' .. id
  local found = redis.call('HMGET', name, 'slot', 'message', 'closes', 'attempt', 'doubt', 'sending', 'operation')
  local slot, attempt, doubt = found[1], found[4], found[5]
  if slot ~= member then
    -- There is no such message any more: nobody would ever take this one.
    redis.call('ZREM', shard .. 'due', member)
    return
  end
  if found[7] ~= operation then
    local due = redis.call('ZSCORE', shard .. 'due', slot)
    if not due or tonumber(due) > now then return end
    attempt = redis.call('HINCRBY', name, 'attempt', 1)
    if found[6] ~= '' then doubt = '1' end
    redis.call('HSET', name, 'sending', '1', 'doubt', doubt, 'operation', operation)
    redis.call('ZADD', shard .. 'due', int(until_), slot)
  end
  local closes = {}
  if found[3] ~= '' then closes = redis.call('HMGET', shard .. 'posted:' .. found[3], 'message', 'receipt') end
  postings[#postings + 1] = {id, found[2], attempt, doubt, closes[1] or false, closes[2] or false}
end

for _ = 1, number() do take(arg()) end
return done(postings)
