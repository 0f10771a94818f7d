-- Records an intent or a result; the first one stands, so it may be asked again. Answers `ok`, `stale`, `no intent`.
-- KEYS: place, journal. ARGV: epoch, number, `intent` or `result`, text, pin.
local owner = redis.call('HMGET', KEYS[1], 'epoch', 'claim')
if owner[1] ~= ARGV[1] or not owner[2] then
    return 'stale'
end
if ARGV[3] == 'intent' then
    redis.call('HSETNX', KEYS[1], 'pin', ARGV[5])
elseif redis.call('HEXISTS', KEYS[2], ARGV[2] .. ':intent') == 0 then
    return 'no intent'
end
redis.call('HSETNX', KEYS[2], ARGV[2] .. ':' .. ARGV[3], ARGV[4])
return 'ok'
