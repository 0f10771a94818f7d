-- What several steps do, and above all time and keys. A script begins with the paragraphs of it that it needs, which
-- `script.rs` finds by their names; so each uses only what is above it.
--
-- KEYS[1] is a shard's prefix with its hash tag. Every other key begins with it, so that all lie in one slot of a
-- cluster; KEYS[2] is never there, and `script.rs` says why it is named. ARGV has the time in milliseconds (empty: the
-- server's), the operation, the host, the channel of wakes, and then what the step takes with `arg`. Text and JSON are
-- opaque here, and numbers that a double cannot hold stay text.
local shard, operation = KEYS[1], ARGV[2]
local time = redis.call('TIME')
local micros = time[1] * 1000000 + time[2]
local now = tonumber(ARGV[1]) or math.floor(micros / 1000)

local taken = 4
local function arg()
  taken = taken + 1
  return ARGV[taken]
end

local function number() return tonumber(arg()) end

-- Not `tostring`, which rounds at 14 digits.
local function int(value) return string.format('%d', value) end

local woken, told = {}, {}
local function wake(what) woken[what] = true end
-- The same for other hosts only: this one knows by the answer.
local function tell(what) told[what] = true end

-- Tells other hosts. They look 200 ms later, so that what was told a moment ago tells of this too; but for components they
-- look at once.
local function publish(what)
  local recent = shard .. 'told:' .. what .. ':' .. ARGV[3]
  if woken.c or redis.call('SET', recent, '', 'NX', 'PX', 100) then
    redis.call('PUBLISH', ARGV[4], ARGV[3] .. ' ' .. what .. ' ' .. (shard:match('{s(%d+)}') or ''))
  end
end

-- The end of a step that may have changed what others wait for: `i`nbox, `o`utbox, `t`imers or
-- `c`omponents.
local function done(...)
  local rest = (woken.o and 'o' or '') .. (woken.t and 't' or '') .. (woken.c and 'c' or '')
  local others = ((woken.i or told.i) and 'i' or '') .. rest
  if others ~= '' then publish(others) end
  return {(woken.i and 'i' or '') .. rest, int(now), int(micros), ...}
end

local last_tick
local function sound_tick()
  last_tick = last_tick or tonumber(redis.call('GET', shard .. 'tick') or 0)
  if not last_tick then error({err = 'WRONGTYPE `tick` is no number'}) end
end

-- Decides between equals, and orders what is appended: the server's microseconds, but never the same twice.
local function tick()
  sound_tick()
  last_tick = math.max(last_tick + 1, micros)
  local next = string.format('%016d', last_tick)
  redis.call('SET', shard .. 'tick', next)
  return next
end

-- A position among those of all shards: unique, and in the order of the ticks.
local function position() return tick() .. string.format('%03d', shard:match('{s(%d+)}')) end

local function place_key(place) return shard .. 'place:' .. place end

local function count(what, by) redis.call('HINCRBY', shard .. 'counts', what, by) end

-- Places rank by their first appearance.
local function rank(place)
  local known = redis.call('HGET', place_key(place), 'rank')
  if known then return known end
  local new = tick()
  redis.call('HSET', place_key(place), 'rank', new)
  return new
end

-- A command that fails undoes none before it. So a step that writes more than one key first asks each that it has not read
-- how much it has: one of another type fails there, and all of the step with it.
local asked = {}
local function are(count_of, ...)
  for _, key in ipairs({...}) do
    if not asked[key] then redis.call(count_of, shard .. key) end
    asked[key] = true
  end
end

local function sound_inbox(place)
  are('ZCARD', 'ready', 'line', 'claimed', 'inbox:' .. place)
  are('HLEN', 'counts', 'event:' .. place)
  sound_tick()
end

local function sound_letters()
  are('ZCARD', 'dead')
  are('HLEN', 'dead:letters')
end

local function owned(place, epoch)
  local found = redis.call('HMGET', place_key(place), 'epoch', 'claimed')
  return found[1] == epoch and found[2] ~= false
end

-- An epoch that no claim of the place has had, not even one that a replica had not heard of when it took over: by then
-- its time has passed.
local function next_epoch(last) return int(math.max((last or 0) + 1, micros)) end

-- Whether what was kept is this very operation, whose reply was lost: nobody heard whom it has woken.
local function again(kept)
  if kept ~= operation then return false end
  wake('i')
  wake('o')
  wake('t')
  return true
end

-- Whether this operation ended the claim.
local function ended(place) return again(redis.call('HGET', place_key(place), 'ended')) end

-- A place that can be claimed later is in `ready`; once it can, a claim moves it into `line`, if it does not take it.
local function set_ready(member, due)
  if redis.call('ZADD', shard .. 'ready', int(due), member) == 1 then redis.call('ZREM', shard .. 'line', member) end
end

local function leave_line(member)
  if redis.call('ZREM', shard .. 'ready', member) == 0 then redis.call('ZREM', shard .. 'line', member) end
end

-- Nothing of the place can be claimed.
local function unready(place)
  local at = redis.call('HGET', place_key(place), 'tick')
  if at then
    redis.call('HDEL', place_key(place), 'tick')
    leave_line(at .. place)
    redis.call('ZREM', shard .. 'claimed', place)
  end
end

-- The place can be claimed from `due` on, behind all that have the same time.
local function make_ready(place, due)
  unready(place)
  local at = tick()
  redis.call('HSET', place_key(place), 'tick', at)
  redis.call('ZADD', shard .. 'ready', int(due), at .. place)
  wake('i')
end

local function lease(place, until_)
  local at = redis.call('HGET', place_key(place), 'tick')
  set_ready(at .. place, until_)
  redis.call('ZADD', shard .. 'claimed', int(until_), place)
end

-- Puts an event into its inbox. Its name there begins with 20 digits of when it was sent, so that names are in order.
local function insert(place, name, hold, person, event)
  redis.call('ZADD', shard .. 'inbox:' .. place, 0, name)
  redis.call('HSET', shard .. 'event:' .. place, name, int(math.max(hold, 0)) .. '\n' .. person .. '\n' .. event)
  count('inbox', 1)
end

-- The name of the event of this number that was sent then; where nobody knows when, it comes first.
local function position_of(sent, number)
  return (sent == '' and string.rep('0', 20) or sent) .. string.format('.%016d.%010d', number, 0)
end

-- How long an event lets others go first: the one thing that is read of it here, and so it comes first where it is not 0.
local function patience(event) return tonumber(event and event:match('^{"patience":(%d+),') or 0) end

-- The same by the time it was sent, or at the end; answers its number.
local function append(place, sent, hold, person, event)
  rank(place)
  local number = redis.call('HINCRBY', place_key(place), 'last', 1)
  if sent == '' then
    local last = redis.call('ZREVRANGE', shard .. 'inbox:' .. place, 0, 0)[1]
    sent = last and last:sub(1, 20) or ''
  end
  insert(place, position_of(sent, number), hold, person, event)
  local at, due = redis.call('HGET', place_key(place), 'tick'), math.max(now, hold)
  if not at then
    make_ready(place, due)
  else
    -- What comes in behind others, and may go sooner, takes its place along, if that stands in line.
    redis.call('ZADD', shard .. 'line', 'XX', 'LT', int(due + patience(event)), at .. place)
  end
  wake('i')
  return number
end

-- What is kept with an event: when it may be claimed, whose it is, and itself.
local function event_parts(value)
  local hold, person, event = value:match('^(%d+)\n([^\n]*)\n(.*)$')
  return tonumber(hold), person, event
end

-- The index that has the time of a message: of the host at which somebody waits for the place's; or of all hosts where it
-- is for a terminal (`socket::WORKSPACE`), and otherwise of those that reach more. Copies are looked for by any of these.
local homes = {}
local function due_of(place, sent)
  if sent == '' and homes[place] == nil then homes[place] = redis.call('HGET', shard .. 'home', place) end
  if sent == '' and homes[place] then return 'due:' .. homes[place] end
  return place:sub(1, 6) == 'local/' and 'near' or 'due'
end

-- What messages of this place are in, and are looked for in, once they were sent.
local function sound_outbox(place)
  are('ZCARD', 'outbox:' .. place, due_of(place, ''))
  are('HLEN', 'counts')
  are('SCARD', 'closers:' .. place)
  sound_tick()
end

local function set_due(id, due)
  local found = redis.call('HMGET', shard .. 'message:' .. id, 'slot', 'place', 'sent')
  redis.call('ZADD', shard .. due_of(found[2], found[3]), int(due), found[1])
  wake('o')
end

-- The number of a message in its place, and its name in `due`.
local function next_slot(place, id)
  local no = redis.call('HINCRBY', place_key(place), 'posts', 1)
  return no, rank(place) .. string.format('%016d', no) .. id
end

-- Puts a message at the end of its place's outbox. Only the first one has a time, and what closes a message that was sent;
-- what closes a message that can be closed no more is dropped.
local function post(place, id, can_be_answered, closes, generation, message)
  local has_time = true
  if closes ~= '' and redis.call('EXISTS', shard .. 'posted:' .. closes) == 0 then
    has_time = false
    -- One whose copies are looked for was sent.
    if redis.call('HGET', shard .. 'message:' .. closes, 'sent') ~= '' then return end
  end
  local no, slot = next_slot(place, id)
  redis.call('HSET', shard .. 'message:' .. id, 'place', place, 'slot', slot, 'message', message, 'closes', closes,
    'generation', generation, 'answerable', can_be_answered, 'attempt', 0, 'doubt', '', 'sending', '', 'sent', '')
  count('outbox', 1)
  if closes ~= '' then
    redis.call('SADD', shard .. 'closings:' .. closes, id)
    redis.call('SADD', shard .. 'closers:' .. place, id)
  else
    redis.call('ZADD', shard .. 'outbox:' .. place, no, id)
    has_time = redis.call('ZRANGE', shard .. 'outbox:' .. place, 0, 0)[1] == id
  end
  if has_time then redis.call('ZADD', shard .. due_of(place, ''), int(now), slot) end
  wake('o')
end

-- The messages that a step was given, but for those that are there.
local function messages()
  local all = {}
  for _ = 1, number() do
    local place, id, can_be_answered, closes, generation, message = arg(), arg(), arg(), arg(), arg(), arg()
    sound_outbox(place)
    if closes ~= '' then
      are('HLEN', 'message:' .. closes)
      are('SCARD', 'closings:' .. closes)
    end
    if redis.call('HLEN', shard .. 'message:' .. id) == 0 then
      all[#all + 1] = {place, id, can_be_answered, closes, generation, message}
    end
  end
  return all
end

local function post_all(all)
  for _, one in ipairs(all) do post(unpack(one)) end
end

-- A message in the outbox. `sent` is empty, `-`, or `=` and its receipt.
local function outgoing(id)
  local found = redis.call('HMGET', shard .. 'message:' .. id,
    'place', 'slot', 'closes', 'answerable', 'message', 'attempt', 'sending', 'sent', 'doubt')
  if not found[1] then return nil end
  return {place = found[1], slot = found[2], closes = found[3], answerable = found[4] ~= '', message = found[5],
    attempt = found[6], sending = found[7], sent = found[8], doubt = found[9]}
end

-- The same, if this attempt took it and nobody took it after that.
local function taken_by(attempt, id)
  local one = outgoing(id)
  return one and one.sending ~= '' and one.attempt == attempt and one or nil
end

-- Whether this operation said last what became of a message of the place.
local function settled(place) return again(redis.call('HGET', place_key(place), 'settled')) end
local function settle(place) redis.call('HSET', place_key(place), 'settled', operation) end

-- What waits in its place behind a message that is to leave: the name in `due`.
local function behind(id, one)
  if one.closes ~= '' then are('SCARD', 'closings:' .. one.closes) end
  if one.closes ~= '' or one.sent ~= '' then return nil end
  local first = redis.call('ZRANGE', shard .. 'outbox:' .. one.place, 0, 1)
  return first[1] == id and first[2] and redis.call('HGET', shard .. 'message:' .. first[2], 'slot') or nil
end

-- A message leaves the order of its place; what waited behind it is due now.
local function leave(id, one, next)
  count('outbox', -1)
  if one.closes ~= '' then
    redis.call('SREM', shard .. 'closings:' .. one.closes, id)
    redis.call('SREM', shard .. 'closers:' .. one.place, id)
    return
  end
  redis.call('ZREM', shard .. 'outbox:' .. one.place, id)
  if next then
    redis.call('ZADD', shard .. due_of(one.place, ''), int(now), next)
    wake('o')
  end
end

local function remove(id, one, next)
  redis.call('DEL', shard .. 'message:' .. id)
  redis.call('ZREM', shard .. due_of(one.place, one.sent), one.slot)
  if one.sent == '' then leave(id, one, next) end
end

-- What closes a message, by id.
local function closings_of(id)
  local all = {}
  for _, closing in ipairs(redis.call('SMEMBERS', shard .. 'closings:' .. id)) do all[closing] = outgoing(closing) end
  return all
end

-- A message that was not posted, or not so that it can be found, cannot be closed.
local function drop_all(closings)
  for closing, one in pairs(closings) do remove(closing, one) end
end

-- What of a generation was surely not posted, and what closes it.
local function unsent_of(place, generation)
  local all = {}
  for _, id in ipairs(redis.call('ZRANGE', shard .. 'outbox:' .. place, 0, -1)) do
    local one = outgoing(id)
    if one and one.sending == '' and one.doubt == '' and one.sent == ''
      and redis.call('HGET', shard .. 'message:' .. id, 'generation') == generation then
      all[id] = {one, closings_of(id)}
    end
  end
  return all
end

-- Takes it out; what waited behind it is due now.
local function drop_unsent(place, unsent)
  for id, found in pairs(unsent) do
    remove(id, found[1])
    drop_all(found[2])
  end
  local first = redis.call('ZRANGE', shard .. 'outbox:' .. place, 0, 0)[1]
  if next(unsent) and first then
    local slot = redis.call('HGET', shard .. 'message:' .. first, 'slot')
    if slot then redis.call('ZADD', shard .. due_of(place, ''), 'NX', int(now), slot) end
    wake('o')
  end
end

local function bury(letter)
  local id = position()
  redis.call('ZADD', shard .. 'dead', 0, id)
  redis.call('HSET', shard .. 'dead:letters', id, letter)
end

-- Event ids are kept with their time, the operation that stored them, and what it answered.
local function seen(id, kept)
  local value = redis.call('GET', shard .. 'seen:' .. id)
  if not value then return nil end
  local at, by, answer = value:match('^(%d+) (%S*) (%S*)$')
  -- The key expires by the server's clock, which may not be the store's.
  if now - at >= tonumber(kept) then return nil end
  return {by = by, answer = answer}
end

local function remember(id, answer, kept)
  redis.call('SET', shard .. 'seen:' .. id, int(now) .. ' ' .. operation .. ' ' .. answer, 'PX', kept)
end

-- The event of a place that the next claim takes: of an earlier attempt, or the first one.
local function next_event(place, current)
  current = current or redis.call('ZRANGE', shard .. 'inbox:' .. place, 0, 0)[1]
  local value = current and redis.call('HGET', shard .. 'event:' .. place, current)
  if value then return current, event_parts(value) end
end

-- What the next turn of a place is claimed with.
local function next_turn(place)
  local found = redis.call('HMGET', place_key(place), 'tick', 'current', 'epoch')
  local current, _, person, event = next_event(place, found[2])
  return {tick = found[1], epoch = found[3], current = current, person = person, event = event}
end

-- Moves what can be claimed by now into line, in the order in which it could be. Its rank is the time since when, and its
-- patience more; and `share` more than that of the last place that came there for the same person and patience. So many
-- are moved in one step at most; whatever else waits for the server goes on between.
local function line_up(share)
  local line, shares = shard .. 'line', shard .. 'shares'
  are('ZCARD', 'line')
  are('HLEN', 'shares')
  local due = redis.call('ZRANGEBYSCORE', shard .. 'ready', '-inf', int(now), 'WITHSCORES', 'LIMIT', 0, 500)
  for index = 1, #due, 2 do
    local member, rank = due[index], tonumber(due[index + 1])
    local at, place = member:sub(1, 16), member:sub(17)
    local whole, turn = pcall(next_turn, place)
    -- Whoever claims the place finds that it is broken, and says so.
    if not whole then turn = {tick = at} end
    redis.call('ZREM', shard .. 'ready', member)
    -- Where the place has another member, or none, nobody would ever take this one.
    if turn.tick == at then
      local wait = patience(turn.event)
      local whose = int(wait) .. ' ' .. (turn.person or '')
      local before = redis.call('HGET', shares, whose)
      local last = before and redis.call('ZSCORE', line, before)
      rank = math.max(rank + wait, last and last + share or 0)
      redis.call('HSET', shares, whose, member)
      redis.call('ZADD', line, int(rank), member)
    end
  end
end

-- The keys of an index, as this host sees it: of messages it has one of its own.
local function keys_of(index)
  if index ~= 'due' and index ~= 'near' then return {shard .. index} end
  local keys = {shard .. 'near', shard .. 'due:' .. ARGV[3]}
  if index == 'due' then keys[3] = shard .. 'due' end
  return keys
end

-- What of an index is due, at most so many, longest due first: time, member and key of each. What stands in line is due.
local function due_members(index, most)
  local all, last = {}, index == 'line' and '+inf' or int(now)
  for _, name in ipairs(keys_of(index)) do
    local found = redis.call('ZRANGEBYSCORE', name, '-inf', last, 'WITHSCORES', 'LIMIT', 0, most)
    for at = 1, #found, 2 do all[#all + 1] = {found[at + 1], found[at], name} end
  end
  table.sort(all, function(one, other)
    local first, second = tonumber(one[1]), tonumber(other[1])
    return first < second or first == second and one[2] < other[2]
  end)
  for at = #all, most + 1, -1 do all[at] = nil end
  return all
end

-- Whether this host took last from an index with this very operation: a repetition takes nothing more, and finds what it
-- took by itself. And whether it took with a later one: then this is a repetition that came late, and nobody hears what it
-- answers. Where nothing was taken nothing is written, for hosts look in vain often.
local function taker(index) return shard .. 'taker:' .. index .. ':' .. ARGV[3] end
local function took(index)
  local last = redis.call('GET', taker(index))
  return last == operation, last and tonumber(last:match('%d+$')) > tonumber(operation:match('%d+$'))
end

local function take_all(index, members, take)
  if #members > 0 then redis.call('SET', taker(index), operation, 'PX', 60000) end
  for _, due in ipairs(members) do take(due[2], due[1], due[3]) end
end

-- When the first of an index is due. What does not stand in line yet has its time in `ready`.
local function first_due(index)
  if index == 'line' then
    if redis.call('EXISTS', shard .. 'line') == 1 then return int(now) end
    index = 'ready'
  end
  local first = false
  for _, name in ipairs(keys_of(index)) do
    local due = redis.call('ZRANGE', name, 0, 0, 'WITHSCORES')[2]
    if due and (not first or tonumber(due) < tonumber(first)) then first = due end
  end
  return first
end

-- A timer that is broken waits for a minute: it must not stop the others.
local function put_aside(timer) redis.call('ZADD', shard .. 'timers', 'XX', int(now + 60000), timer) end

-- Counts the conversations of a version, and notes when one let go of it.
local function count_version(flow, digest, by)
  for index, field in pairs({versions = flow .. ' ' .. digest, holders = digest}) do
    if redis.call('HINCRBY', shard .. index, field, by) <= 0 then redis.call('HDEL', shard .. index, field) end
  end
  if by < 0 then redis.call('HSET', shard .. 'let_go', digest, int(now)) end
end

local function sound_talk(place)
  are('ZCARD', 'talks', 'timers')
  are('HLEN', 'timer:' .. place, 'versions', 'holders', 'let_go')
end

-- Ends the open conversation, if there is one, with its timers and history.
local function close(place)
  local talk = shard .. 'talk:' .. place
  local former = redis.call('HMGET', talk, 'flow', 'digest')
  if not former[1] then return end
  count_version(former[1], former[2], -1)
  for _, timer in ipairs(redis.call('HKEYS', shard .. 'timer:' .. place)) do
    redis.call('ZREM', shard .. 'timers', place .. ' ' .. timer)
  end
  redis.call('ZREM', shard .. 'talks', place)
  redis.call('DEL', talk, shard .. 'timer:' .. place, shard .. 'history:' .. place)
end

-- What goes on at a place.
local function glance(place)
  local until_ = redis.call('ZSCORE', shard .. 'claimed', place)
  local running = until_ and tonumber(until_) > now and '1' or ''
  local unsent = redis.call('ZCARD', shard .. 'outbox:' .. place) + redis.call('SCARD', shard .. 'closers:' .. place)
  return {running, int(redis.call('ZCARD', shard .. 'inbox:' .. place)), int(unsent)}
end
