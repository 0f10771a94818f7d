-- Stores an event once, at the end of its place's inbox. Answers its number, or `duplicate`.
-- KEYS: seen, place, inbox, ready. ARGV: now, operation, kept, place, event.
local known = redis.call('GET', KEYS[1])
if known then
    local operation, number = known:match('^(%S+) (%d+)$')
    -- The client asks again because the first answer was lost on the way.
    return operation == ARGV[2] and number or 'duplicate'
end
local number = redis.call('HINCRBY', KEYS[2], 'last', 1)
redis.call('SET', KEYS[1], ARGV[2] .. ' ' .. number, 'PX', ARGV[3])
redis.call('RPUSH', KEYS[3], number .. '.0 ' .. ARGV[5])
-- The score is when the place can be claimed: a lease or a backoff that is there stays.
redis.call('ZADD', KEYS[4], 'NX', ARGV[1], ARGV[4])
return tostring(number)
