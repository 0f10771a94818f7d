-- A message can never be posted: it goes to the dead letters, and its flow hears of it. `changed` says that what the
-- letter and the event were made from is no more so.
local place, id, attempt, last, generation = arg(), arg(), arg(), arg(), arg()
local one = taken_by(attempt, id)
if not one then return done(settled(place) and 'ok' or 'stale') end
sound_outbox(place)
sound_inbox(place)
sound_letters()
local closings, next = closings_of(id), behind(id, one)
local is_last = redis.call('HGET', place_key(place), 'last') or '0'
local is_open = redis.call('HGET', shard .. 'talk:' .. place, 'generation') or ''
if is_last ~= last or is_open ~= generation then return done('changed') end
settle(place)
remove(id, one, next)
if one.closes ~= '' then return done('ok') end
drop_all(closings)
bury(arg())
local person = arg()
if person ~= '' then append(place, '', now, person, arg()) end
return done('ok')
