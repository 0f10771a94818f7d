-- The flows that have completions.
return done(redis.call('SMEMBERS', shard .. 'completed:flows'))
