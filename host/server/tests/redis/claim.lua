-- Takes a place that looked ready. Answers epoch, attempt, event, state, pin and journal, or `busy`.
-- KEYS: ready, place, inbox, journal. ARGV: now, operation, lease, place.
if redis.call('HGET', KEYS[2], 'claim') ~= ARGV[2] then
    local due = redis.call('ZSCORE', KEYS[1], ARGV[4])
    if not due or tonumber(due) > tonumber(ARGV[1]) then
        return { 'busy' }
    end
    redis.call('HINCRBY', KEYS[2], 'epoch', 1)
    redis.call('HINCRBY', KEYS[2], 'attempt', 1)
    redis.call('HSET', KEYS[2], 'claim', ARGV[2])
    redis.call('ZADD', KEYS[1], ARGV[1] + ARGV[3], ARGV[4])
end
local place = redis.call('HMGET', KEYS[2], 'epoch', 'attempt', 'state', 'pin')
local answer = { place[1], place[2], redis.call('LINDEX', KEYS[3], 0), place[3] or '', place[4] or '' }
local journal = redis.call('HGETALL', KEYS[4])
for i = 1, #journal, 2 do
    answer[#answer + 1] = journal[i] .. ' ' .. journal[i + 1]
end
return answer
