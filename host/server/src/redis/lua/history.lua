-- The last exchanges of a conversation.
local place, generation, most = arg(), arg(), number()
local open = redis.call('HGET', shard .. 'talk:' .. place, 'generation')
if open ~= generation or most == 0 then return done({}) end
return done(redis.call('LRANGE', shard .. 'history:' .. place, int(-most), -1))
