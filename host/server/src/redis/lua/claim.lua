-- Takes places that can be claimed, at most so many, lowest rank first. A repetition answers what was taken, and raises no
-- epoch.
local until_, most, share = now + number(), number(), number()
local claims = {}

local function answer(rank, at, place, event)
  local found = redis.call('HMGET', place_key(place), 'current', 'epoch', 'attempt', 'generation', 'pin')
  local talk = redis.call('HMGET', shard .. 'talk:' .. place, 'generation', 'flow', 'digest', 'rest', 'state')
  local journal = redis.call('HGETALL', shard .. 'journal:' .. place)
  claims[#claims + 1] = {rank, at, place, found[1], found[2], found[3], found[4], found[5], event, talk, journal}
end

local function whole_turn(place)
  are('HLEN', 'talk:' .. place, 'journal:' .. place)
  return next_turn(place)
end

local function take(member, rank, in_line)
  local at, place = member:sub(1, 16), member:sub(17)
  local name = place_key(place)
  local whole, turn = pcall(whole_turn, place)
  if whole and turn.tick ~= at then
    -- The place has another member, or none: nobody would ever take this one.
    leave_line(member)
    return
  end
  if not whole or not turn.current then
    -- One place that is broken must not stop the others.
    set_ready(member, now + 60000)
    claims[#claims + 1] = {rank, at, place, false}
    return
  end
  if not in_line then rank = int(rank + patience(turn.event)) end
  redis.call('HINCRBY', name, 'attempt', 1)
  redis.call('HSET', name, 'epoch', next_epoch(turn.epoch), 'claimed', operation, 'current', turn.current, 'since', rank)
  lease(place, until_)
  answer(rank, at, place, turn.event)
end

are('ZCARD', 'ready', 'line', 'claimed')
local line = shard .. 'line'
local again, late = took('line')
if late then return done(first_due('line'), {}) end
if again then
  for _, place in ipairs(redis.call('ZRANGE', shard .. 'claimed', 0, -1)) do
    local found = redis.call('HMGET', place_key(place), 'claimed', 'since', 'tick', 'current')
    if found[1] == operation then
      lease(place, until_)
      local _, _, _, event = next_event(place, found[4])
      answer(found[2], found[3], place, event)
    end
  end
else
  -- Where nobody stands in line, and there is room for all that is due, nobody has to.
  local due = redis.call('EXISTS', line) == 0 and due_members('ready', most + 1)
  if due and #due <= most then
    take_all('line', due, function(member, rank) take(member, rank, false) end)
  else
    line_up(share)
    take_all('line', due_members('line', most), function(member, rank) take(member, rank, true) end)
    -- Where nobody stands in line nobody is counted.
    if redis.call('EXISTS', line) == 0 then redis.call('DEL', shard .. 'shares') end
  end
end
return done(first_due('line'), claims)
