-- Timers become events, where their events were made from what is still so.
for _ = 1, number() do
  local place, timer, due, last, generation, person, event = arg(), arg(), arg(), arg(), arg(), arg(), arg()
  sound_inbox(place)
  are('ZCARD', 'timers')
  local is_due = redis.call('HGET', shard .. 'timer:' .. place, timer)
  local is_last = redis.call('HGET', place_key(place), 'last')
  local is_open = redis.call('HGET', shard .. 'talk:' .. place, 'generation')
  if is_due == due and is_last == last and is_open == generation then
    redis.call('HDEL', shard .. 'timer:' .. place, timer)
    redis.call('ZREM', shard .. 'timers', place .. ' ' .. timer)
    append(place, '', now, person, event)
  end
end
return done()
