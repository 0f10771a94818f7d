-- Makes a turn's consequences visible and ends the claim. Answers `ok` or `stale`.
-- KEYS: ready, place, inbox, journal, outbox, due.
-- ARGV: now, operation, epoch, place, state, follow-up or nothing, then the messages.
local place = redis.call('HMGET', KEYS[2], 'epoch', 'claim', 'committed')
if place[3] == ARGV[2] then
    return 'ok'
end
if place[1] ~= ARGV[3] or not place[2] then
    return 'stale'
end
local number, step = redis.call('LPOP', KEYS[3]):match('^(%d+)%.(%d+) ')
redis.call('DEL', KEYS[4])
redis.call('HDEL', KEYS[2], 'claim', 'pin', 'attempt')
redis.call('HSET', KEYS[2], 'state', ARGV[5], 'committed', ARGV[2])
if ARGV[6] ~= '' then
    redis.call('LPUSH', KEYS[3], number .. '.' .. (step + 1) .. ' ' .. ARGV[6])
end
for i = 7, #ARGV do
    redis.call('RPUSH', KEYS[5], ARGV[i])
    redis.call('ZADD', KEYS[6], 'NX', ARGV[1], ARGV[4])
end
if redis.call('LLEN', KEYS[3]) > 0 then
    redis.call('ZADD', KEYS[1], ARGV[1], ARGV[4])
else
    redis.call('ZREM', KEYS[1], ARGV[4])
end
return 'ok'
