-- All consequences of a turn at once.
local place, epoch = arg(), arg()
local name, talk = place_key(place), shard .. 'talk:' .. place
local inbox, events = shard .. 'inbox:' .. place, shard .. 'event:' .. place
local found = redis.call('HMGET', name, 'epoch', 'claimed', 'current', 'pin', 'tick')
if found[1] ~= epoch or not found[2] then return done(ended(place) and 'ok' or 'stale') end
local current, pin, at = found[3], found[4], found[5]
local cause = current and redis.call('HGET', events, current)
if not cause then return done('gone') end
local kept, letter, completed, finished, completion = arg(), arg(), arg(), arg(), arg()
local after, generation, flow, digest, rest, state = arg(), arg(), arg(), arg(), arg(), arg()
local all, drops, timers = messages(), arg(), {}
for index = 1, number() do timers[index] = {arg(), arg()} end
local exchange, longest, follow = arg(), arg(), arg()
local former = redis.call('HMGET', talk, 'generation', 'flow', 'digest')
local begins = after == 'open' and former[1] ~= generation
local moves = after == 'open' and not begins and (former[2] ~= flow or former[3] ~= digest)
local open = after == 'open' or after == '' and former[1] ~= false

sound_inbox(place)
if #timers > 0 then
  are('ZCARD', 'timers')
  are('HLEN', 'timer:' .. place)
end
if exchange ~= '' then are('LLEN', 'history:' .. place) end
local unsent = {}
if drops ~= '' then
  sound_outbox(place)
  unsent = unsent_of(place, drops)
end
local followed = follow ~= '' and seen(follow, kept)
if after == 'closed' or begins or moves then sound_talk(place) end
if letter ~= '' then sound_letters() end
if completed ~= '' then
  are('SCARD', 'completed', 'completed:flows')
  are('ZCARD', 'completions:' .. finished)
  are('HLEN', 'completion:' .. finished)
end

if after == 'closed' or begins then
  close(place)
  redis.call('HSET', name, 'generation', generation)
end
if begins then
  local _, person = event_parts(cause)
  redis.call('HSET', talk, 'generation', generation, 'person', person)
  redis.call('ZADD', shard .. 'talks', 0, place)
  count_version(flow, digest, 1)
elseif moves then
  count_version(former[2], former[3], -1)
  count_version(flow, digest, 1)
end
if after == 'open' then redis.call('HSET', talk, 'flow', flow, 'digest', digest, 'rest', rest, 'state', state) end

redis.call('ZREM', inbox, current)
redis.call('HDEL', events, current)
count('inbox', -1)
-- Where something was journaled, something is pinned.
if pin then redis.call('DEL', shard .. 'journal:' .. place) end
redis.call('HDEL', name, 'claimed', 'current', 'pin', 'attempt', 'tick')
redis.call('HSET', name, 'ended', operation)
leave_line(at .. place)
redis.call('ZREM', shard .. 'claimed', place)

for _, set in ipairs(timers) do
  local timer, due = set[1], set[2]
  local member = place .. ' ' .. timer
  if open and due == '' then
    redis.call('HDEL', shard .. 'timer:' .. place, timer)
    redis.call('ZREM', shard .. 'timers', member)
  elseif open then
    redis.call('HSET', shard .. 'timer:' .. place, timer, due)
    redis.call('ZADD', shard .. 'timers', due, member)
  end
  wake('t')
end
if open and exchange ~= '' then
  local history = shard .. 'history:' .. place
  if redis.call('RPUSH', history, exchange) > tonumber(longest) then redis.call('LTRIM', history, '-' .. longest, -1) end
end

if follow ~= '' then
  local step = string.format('%010d', tonumber(current:sub(39)) + 1)
  insert(place, current:sub(1, 38) .. step, now, arg(), arg())
  if not followed then remember(follow, '', kept) end
end
local next = redis.call('ZRANGE', inbox, 0, 0)[1]
if next then make_ready(place, math.max(now, (event_parts(redis.call('HGET', events, next))))) end

drop_unsent(place, unsent)
post_all(all)

if completed ~= '' and redis.call('SADD', shard .. 'completed', completed) == 1 then
  local at = position()
  redis.call('SADD', shard .. 'completed:flows', finished)
  redis.call('ZADD', shard .. 'completions:' .. finished, 0, at)
  redis.call('HSET', shard .. 'completion:' .. finished, at, completion)
end
if letter ~= '' then bury(letter) end
return done('ok')
