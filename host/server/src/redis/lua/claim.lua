-- Takes places that are ready, at most so many. A repetition answers what was taken, and raises no epoch.
local until_, most = now + number(), number()
local claims = {}

local function answer(due, at, place)
  local found = redis.call('HMGET', place_key(place), 'current', 'epoch', 'attempt', 'generation', 'pin')
  local _, _, event = event_parts(redis.call('HGET', shard .. 'event:' .. place, found[1]))
  local talk = redis.call('HMGET', shard .. 'talk:' .. place, 'generation', 'flow', 'digest', 'rest', 'state')
  local journal = redis.call('HGETALL', shard .. 'journal:' .. place)
  claims[#claims + 1] = {due, at, place, found[1], found[2], found[3], found[4], found[5], event, talk, journal}
end

local function take(member, due)
  local at, place = member:sub(1, 16), member:sub(17)
  local name, events = place_key(place), shard .. 'event:' .. place
  local found = redis.call('HMGET', name, 'tick', 'current', 'epoch')
  if at ~= found[1] then
    -- The place has another member, or none: nobody would ever take this one.
    redis.call('ZREM', shard .. 'ready', member)
    return
  end
  local current = found[2] or redis.call('ZRANGE', shard .. 'inbox:' .. place, 0, 0)[1]
  if not current or redis.call('HEXISTS', events, current) == 0 then
    -- One place that is broken must not stop the others.
    redis.call('ZADD', shard .. 'ready', int(now + 60000), member)
    claims[#claims + 1] = {due, at, place, false}
    return
  end
  redis.call('HINCRBY', name, 'attempt', 1)
  redis.call('HSET', name, 'epoch', next_epoch(found[3]), 'claimed', operation, 'current', current, 'since', due)
  lease(place, until_)
  answer(due, at, place)
end

if took('ready') then
  for _, place in ipairs(redis.call('ZRANGE', shard .. 'claimed', 0, -1)) do
    local found = redis.call('HMGET', place_key(place), 'claimed', 'since', 'tick')
    if found[1] == operation then
      lease(place, until_)
      answer(found[2], found[3], place)
    end
  end
else
  take_all('ready', most, take)
end
return done(first_due('ready'), claims)
