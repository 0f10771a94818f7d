-- A host is gone: its leases end now, and its seats are free.
local host = arg()
local operations = host .. '-'
for _, place in ipairs(redis.call('ZRANGE', shard .. 'claimed', 0, -1)) do
  local by = redis.call('HGET', place_key(place), 'claimed')
  if by and by:sub(1, #operations) == operations then
    lease(place, now)
    wake('i')
  end
end
redis.call('HDEL', shard .. 'seats', host)
return done()
