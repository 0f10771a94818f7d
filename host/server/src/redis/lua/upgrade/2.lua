-- What can be claimed stands in line; claims put there what is ready, whoever made it so. Messages that any host can bring
-- have an index of their own: the names of messages in it have 32 digits, their place and more.
local due, near = KEYS[1] .. 'due', KEYS[1] .. 'near'
local all = redis.call('ZRANGE', due, 0, -1, 'WITHSCORES')
for index = 1, #all, 2 do
  if all[index]:sub(33, 38) == 'local/' then
    redis.call('ZADD', near, all[index + 1], all[index])
    redis.call('ZREM', due, all[index])
  end
end
return 1
