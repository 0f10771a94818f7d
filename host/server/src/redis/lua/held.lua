-- Which of some components a conversation of the shard holds, or held not long ago.
local old = now - number()
local held = {}
for _ = 1, number() do
  local digest = arg()
  local let_go = tonumber(redis.call('HGET', shard .. 'let_go', digest) or 0)
  if redis.call('HEXISTS', shard .. 'holders', digest) == 1 or let_go > old then
    held[#held + 1] = digest
  else
    redis.call('HDEL', shard .. 'let_go', digest)
  end
end
return done(held)
