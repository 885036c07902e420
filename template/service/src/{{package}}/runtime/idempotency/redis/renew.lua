-- ARGV: token, milliseconds
local state, token = unpack(redis.call('HMGET', KEYS[1], 'state', 'token'))
if token ~= ARGV[1] or state ~= 'held' then
    return 0
end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
