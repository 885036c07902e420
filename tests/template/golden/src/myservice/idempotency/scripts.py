"""What the Redis store does in one round trip each: Lua that Redis runs without interruption.

A key is a hash of `state`, `token`, `owner`, `fingerprint` and, if kept, `result`. Redis itself expires it: a held or
suspended one with its lease, a done one with its retention. KEYS[1] is the key, ARGV[1] the token of the attempt: a
script that finds it in place has been sent before, by a client that missed the answer, and says what it said then.
"""

__all__ = ["ACQUIRE", "COMPLETE", "RELEASE", "RENEW", "SUSPEND"]

ACQUIRE = """
-- ARGV: token, owner, fingerprint, state, milliseconds
-- Answers {'taken'}, {'done', result}, {'busy', milliseconds, owner} or {'conflict', state, owner}.
local state, token, owner, fingerprint, result =
    unpack(redis.call('HMGET', KEYS[1], 'state', 'token', 'owner', 'fingerprint', 'result'))
if token == ARGV[1] then
    return {'taken'}
end
if state and not (state == 'suspended' and owner == ARGV[2]) then
    if fingerprint ~= ARGV[3] then
        return {'conflict', state, owner}
    elseif state == 'done' then
        return {'done', result}
    end
    return {'busy', redis.call('PTTL', KEYS[1]), owner}
end
redis.call('HSET', KEYS[1], 'token', ARGV[1], 'owner', ARGV[2], 'fingerprint', ARGV[3], 'state', ARGV[4])
redis.call('PEXPIRE', KEYS[1], ARGV[5])
return {'taken'}
"""

COMPLETE = """
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
"""

SUSPEND = """
-- ARGV: token, milliseconds
if redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] then
    return 0
end
redis.call('HSET', KEYS[1], 'state', 'suspended')
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
"""

RELEASE = """
-- ARGV: token
if redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] then
    return 0
end
return redis.call('DEL', KEYS[1])
"""

RENEW = """
-- ARGV: token, milliseconds
local state, token = unpack(redis.call('HMGET', KEYS[1], 'state', 'token'))
if token ~= ARGV[1] or state ~= 'held' then
    return 0
end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
"""
