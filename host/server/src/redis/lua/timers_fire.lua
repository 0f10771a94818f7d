-- Timers become events, where their events were made from what is still so. One without an event is broken.
local function is_still(place, timer, due, last, generation)
  sound_inbox(place)
  return redis.call('HGET', shard .. 'timer:' .. place, timer) == due
    and redis.call('HGET', place_key(place), 'last') == last
    and redis.call('HGET', shard .. 'talk:' .. place, 'generation') == generation
end

are('ZCARD', 'timers')
for _ = 1, number() do
  local place, timer, due, last, generation, person, event = arg(), arg(), arg(), arg(), arg(), arg(), arg()
  local member = place .. ' ' .. timer
  local whole, still = pcall(is_still, place, timer, due, last, generation)
  if not whole or event == '' then
    put_aside(member)
  elseif still then
    redis.call('HDEL', shard .. 'timer:' .. place, timer)
    redis.call('ZREM', shard .. 'timers', member)
    append(place, '', now, person, event)
  end
end
return done()
