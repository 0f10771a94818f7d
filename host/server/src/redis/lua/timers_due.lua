-- Timers that are due, at most so many, with what their events are made from; and when the first of all is due.
local timers = {}

local function whole_timer(place, timer)
  local known = redis.call('HMGET', place_key(place), 'rank', 'last')
  local talk = redis.call('HMGET', shard .. 'talk:' .. place, 'generation', 'person')
  local at = redis.call('HGET', shard .. 'timer:' .. place, timer)
  return at and talk[1] and {place, timer, at, known[1], known[2], talk[1], talk[2]}
end

for _, member in ipairs(redis.call('ZRANGEBYSCORE', shard .. 'timers', '-inf', int(now), 'LIMIT', 0, number())) do
  local blank = member:find(' ', 1, true)
  local place, timer = member:sub(1, blank - 1), member:sub(blank + 1)
  local whole, found = pcall(whole_timer, place, timer)
  if not whole then
    -- One timer that is broken must not stop the others.
    put_aside(member)
    timers[#timers + 1] = {place, timer, false}
  elseif found then
    timers[#timers + 1] = found
  else
    -- It belongs to nothing: nobody would ever fire it.
    redis.call('ZREM', shard .. 'timers', member)
  end
end
return done(first_due('timers'), timers)
