-- What goes on at all places of the shard, and its open conversations by version.
local counts = redis.call('HMGET', shard .. 'counts', 'inbox', 'outbox')
local running = redis.call('ZCOUNT', shard .. 'claimed', '(' .. int(now), '+inf')
return done(counts[1] or '0', int(running), counts[2] or '0', redis.call('HGETALL', shard .. 'versions'))
