-- Timers that are due, at most so many, with what their events are made from; and when the first of all is due.
local due = redis.call('ZRANGEBYSCORE', shard .. 'timers', '-inf', int(now), 'LIMIT', 0, number())
local timers = {}
for _, member in ipairs(due) do
  local blank = member:find(' ', 1, true)
  local place, timer = member:sub(1, blank - 1), member:sub(blank + 1)
  local known = redis.call('HMGET', place_key(place), 'rank', 'last')
  local talk = redis.call('HMGET', shard .. 'talk:' .. place, 'generation', 'person')
  local at = redis.call('HGET', shard .. 'timer:' .. place, timer)
  if at and talk[1] then
    timers[#timers + 1] = {place, timer, at, known[1], known[2], talk[1], talk[2]}
  else
    -- It belongs to nothing: nobody would ever fire it.
    redis.call('ZREM', shard .. 'timers', member)
  end
end
return done(first_due('timers'), timers)
