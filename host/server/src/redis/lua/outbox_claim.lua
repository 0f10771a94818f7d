-- Marks messages of an index that are due, at most so many. A repetition answers what was marked, and counts no attempt.
local until_, most, _, index = now + number(), number(), arg(), arg()
local postings = {}

local function answer(due, id, one)
  local closes = {}
  if one.closes ~= '' then closes = redis.call('HMGET', shard .. 'posted:' .. one.closes, 'message', 'receipt') end
  postings[#postings + 1] =
    {due, one.slot, id, one.attempt, one.message, one.doubt, one.sent, closes[1] or false, closes[2] or false}
end

local function take(member, due, key)
  local id = member:sub(33)
  local name = shard .. 'message:' .. id
  local whole, one = pcall(outgoing, id)
  if not whole then
    -- One message that is broken must not stop the others.
    for _, key in ipairs(keys_of(index)) do redis.call('ZADD', key, 'XX', int(now + 60000), member) end
    postings[#postings + 1] = {due, member, id, false}
    return
  end
  if not one or one.slot ~= member then
    -- There is no such message any more: nobody would ever take this one.
    for _, key in ipairs(keys_of(index)) do redis.call('ZREM', key, member) end
    return
  end
  local right = shard .. due_of(one.place, one.sent)
  if key ~= right then
    -- A host of an older version put it there, where it would be due for ever.
    redis.call('ZADD', right, 'NX', due, member)
    redis.call('ZREM', key, member)
    wake('o')
    return
  end
  one.attempt = int(one.attempt + 1)
  if one.sending ~= '' then one.doubt = '1' end
  redis.call('HSET', name, 'attempt', one.attempt, 'doubt', one.doubt, 'sending', '1', 'operation', operation,
    'since', due)
  redis.call('ZADD', right, int(until_), member)
  answer(due, id, one)
end

local again, late = took(index)
if late then return done(first_due(index), {}) end
if again then
  for _, key in ipairs(keys_of(index)) do
    -- Their marks end later than now, and not later than one that begins now.
    for _, member in ipairs(redis.call('ZRANGEBYSCORE', key, '(' .. int(now), int(until_))) do
      local id = member:sub(33)
      local found = redis.pcall('HMGET', shard .. 'message:' .. id, 'operation', 'since')
      if found[1] == operation then answer(found[2], id, outgoing(id)) end
    end
  end
else
  take_all(index, due_members(index, most), take)
end
return done(first_due(index), postings)
