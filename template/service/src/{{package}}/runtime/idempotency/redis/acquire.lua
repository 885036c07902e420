-- ARGV: token, owner, fingerprint, state, milliseconds
-- Answers {'taken'}, {'done', result}, {'busy', milliseconds, owner} or {'conflict', state, owner}.
local state, token, owner, fingerprint, result =
    unpack(redis.call('HMGET', KEYS[1], 'state', 'token', 'owner', 'fingerprint', 'result'))
if token == ARGV[1] then
    return {'taken'}
end
if state and not (state == 'suspended' and owner == ARGV[2]) then
    -- 32 characters of a token are its own; the others are of the payload as it was given.
    if fingerprint ~= ARGV[3] and string.sub(token, 33) ~= string.sub(ARGV[1], 33) then
        return {'conflict', state, owner}
    elseif state == 'done' then
        return {'done', result}
    end
    return {'busy', redis.call('PTTL', KEYS[1]), owner}
end
redis.call('HSET', KEYS[1], 'token', ARGV[1], 'owner', ARGV[2], 'fingerprint', ARGV[3], 'state', ARGV[4])
redis.call('PEXPIRE', KEYS[1], ARGV[5])
return {'taken'}
