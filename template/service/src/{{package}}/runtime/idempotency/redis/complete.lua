-- ARGV: token, owner, fingerprint, milliseconds, and the result if it is kept
-- A lease that ran out and that nobody took leaves no key: the effect has happened, so it is recorded all the same.
local token = redis.call('HGET', KEYS[1], 'token')
if token and token ~= ARGV[1] then
    return 0
end
redis.call('HSET', KEYS[1], 'token', ARGV[1], 'owner', ARGV[2], 'fingerprint', ARGV[3], 'state', 'done')
if ARGV[5] then
    redis.call('HSET', KEYS[1], 'result', ARGV[5])
end
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return 1
