-- An event enters: once, in order, in place of what runs, or beside it.
local id, kept, how, place = arg(), arg(), arg(), arg()
local known = seen(id, kept)
if known and known.by == operation then return done(known.answer) end
if known then return done('duplicate') end

-- Ends the running turn and all that waits, but for what was sent later. This is work for each event of the place.
local function cut(sent)
  redis.call('HINCRBY', place_key(place), 'epoch', 1)
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

local answer = ''
if how == 'answer' then
  post_all()
else
  local sent, hold, most = arg(), now + number(), number()
  if how ~= 'cut' and redis.call('ZCARD', shard .. 'inbox:' .. place) >= most then return done('full') end
  if how == 'cut' then cut(sent) end
  answer = append(place, sent, hold, arg(), arg())
end
remember(id, answer, kept)
return done(answer)
