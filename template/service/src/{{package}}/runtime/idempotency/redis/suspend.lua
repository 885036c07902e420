-- ARGV: token, milliseconds
if redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] then
    return 0
end
redis.call('HSET', KEYS[1], 'state', 'suspended')
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
