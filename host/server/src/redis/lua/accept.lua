-- An event enters: once, in order, in place of what runs, or beside it. Its turn may be claimed in the same step.
local id, kept, how, place = arg(), arg(), arg(), arg()

-- What the host has to know of the conversation of an event that it claims.
local function talk() return redis.call('HMGET', shard .. 'talk:' .. place, 'generation', 'flow', 'digest', 'rest', 'state') end

local known = seen(id, kept)
if known and again(known.by) then
  local found = redis.call('HMGET', place_key(place), 'claimed', 'epoch', 'generation')
  if found[1] ~= operation then return done(known.answer) end
  local _, _, _, length = arg(), arg(), arg(), number()
  lease(place, now + length)
  return done(known.answer, found[2], found[3], talk())
end
if known then return done('duplicate') end

-- Ends the running turn and all that waits, but for what was sent later. This is work for each event of the place.
local function cut(sent)
  redis.call('HSET', place_key(place), 'epoch', next_epoch(redis.call('HGET', place_key(place), 'epoch')))
  redis.call('HDEL', place_key(place), 'claimed', 'current', 'pin', 'attempt')
  redis.call('DEL', shard .. 'journal:' .. place)
  unready(place)
  local inbox, events = shard .. 'inbox:' .. place, shard .. 'event:' .. place
  if sent == '' then
    -- Not its negative, for that of 0 is written `-0`.
    count('inbox', 0 - redis.call('ZCARD', inbox))
    redis.call('DEL', inbox, events)
    return
  end
  for _, name in ipairs(redis.call('ZRANGEBYLEX', inbox, '-', '(' .. sent .. '/')) do
    redis.call('ZREM', inbox, name)
    redis.call('HDEL', events, name)
    count('inbox', -1)
  end
end

if how == 'answer' then
  post_all(messages())
  remember(id, '', kept)
  return done('')
end

sound_inbox(place)
local sent, hold, most, lease = arg(), now + number(), number(), number()
local found = redis.call('HMGET', place_key(place), 'tick', 'last', 'epoch', 'generation')
if how == 'take' and not found[1] then
  -- Nothing waits or runs here: the event is the first, and this host's.
  local its_talk = talk()
  rank(place)
  local answer, epoch = int((found[2] or 0) + 1), next_epoch(found[3])
  local name, at, until_ = position_of(sent, answer), tick(), int(now + lease)
  insert(place, name, hold, arg(), arg())
  redis.call('HSET', place_key(place), 'last', answer, 'tick', at, 'epoch', epoch, 'attempt', 1, 'claimed', operation,
    'current', name)
  redis.call('ZADD', shard .. 'ready', until_, at .. place)
  redis.call('ZADD', shard .. 'claimed', until_, place)
  tell('i')
  remember(id, answer, kept)
  return done(answer, epoch, found[4], its_talk)
end
if how ~= 'cut' and redis.call('ZCARD', shard .. 'inbox:' .. place) >= most then return done('full') end
if how == 'cut' then cut(sent) end
local answer = append(place, sent, hold, arg(), arg())
remember(id, answer, kept)
return done(answer)
