-- Takes places by their members of `ready`, where they still are. A repetition answers what was taken, and raises no epoch.
local until_ = now + number()
local claims = {}

local function take(member)
  local place = member:sub(17)
  local name = place_key(place)
  local found = redis.call('HMGET', name, 'claimed', 'tick', 'current', 'epoch', 'attempt')
  local at, current = found[2], found[3]
  local events = shard .. 'event:' .. place
  local epoch, attempt = found[4], found[5]
  if found[1] ~= operation then
    if at ~= member:sub(1, 16) then
      -- The place has another member, or none: nobody would ever take this one.
      redis.call('ZREM', shard .. 'ready', member)
      return
    end
    local due = redis.call('ZSCORE', shard .. 'ready', member)
    if not due or tonumber(due) > now then return end
    current = current or redis.call('ZRANGE', shard .. 'inbox:' .. place, 0, 0)[1]
    if not current or redis.call('HEXISTS', events, current) == 0 then
      -- One place that is broken must not stop the others.
      redis.call('ZADD', shard .. 'ready', int(now + 60000), at .. place)
      claims[#claims + 1] = {place, false}
      return
    end
    epoch = redis.call('HINCRBY', name, 'epoch', 1)
    attempt = redis.call('HINCRBY', name, 'attempt', 1)
    redis.call('HSET', name, 'claimed', operation, 'current', current)
    lease(place, until_)
  end
  local _, _, event = event_parts(redis.call('HGET', events, current))
  local rest = redis.call('HMGET', name, 'generation', 'pin')
  local talk = redis.call('HMGET', shard .. 'talk:' .. place, 'generation', 'flow', 'digest', 'rest', 'state')
  local journal = redis.call('HGETALL', shard .. 'journal:' .. place)
  claims[#claims + 1] = {place, current, epoch, attempt, rest[1], rest[2], event, talk, journal}
end

for _ = 1, number() do take(arg()) end
return done(claims)
