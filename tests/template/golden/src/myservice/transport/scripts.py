"""The three Lua scripts. Each is atomic, may be sent twice, and touches only the keys it is given.

`leases` is kombu's hash of unacknowledged messages (tag to `[message, exchange, routing key]` as JSON), `expiry` its
sorted set (tag to the server's time in seconds at delivery or renewal). Both keep kombu's format, so that stock workers
can take over.
"""

from hashlib import sha1

__all__ = ["CLAIM", "CLAIM_SHA", "EXPIRED", "MOVE"]

CLAIM = """
-- KEYS: leases, expiry, list...
-- ARGV: claim id, limit, lists per turn, number of acks, ack..., a tail for each list
-- Returns {number of the list, tag, message}... for up to `limit` messages. Lists of one priority take turns. A tail
-- closes the record of a message; a list with an empty one is consumed unacknowledged, and nothing is recorded.
local id, limit, turn, acks = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
if acks > 0 then
  redis.call('HDEL', KEYS[1], unpack(ARGV, 5, 4 + acks))
  redis.call('ZREM', KEYS[2], unpack(ARGV, 5, 4 + acks))
end
-- The same claim again: its reply was lost, and its messages come back after their lease.
if redis.call('HEXISTS', KEYS[1], id .. '.1') == 1 then return {} end
local time = redis.call('TIME')
local now = time[1] .. '.' .. string.format('%06d', time[2])
local claimed, count = {}, 0
for first = 3, #KEYS, turn do
  local found = true
  while found and count < limit do
    found = false
    for key = first, first + turn - 1 do
      local message = count < limit and redis.call('RPOP', KEYS[key])
      if message then
        found, count = true, count + 1
        local tag, tail = id .. '.' .. count, ARGV[acks + key + 2]
        if tail ~= '' then
          redis.call('HSET', KEYS[1], tag, '[' .. message .. tail)
          redis.call('ZADD', KEYS[2], now, tag)
        end
        claimed[#claimed + 1] = key - 3
        claimed[#claimed + 1] = tag
        claimed[#claimed + 1] = message
      end
    end
  end
end
return claimed
"""
CLAIM_SHA = sha1(CLAIM.encode(), usedforsecurity=False).hexdigest()

EXPIRED = """
-- KEYS: leases, expiry. ARGV: lease in seconds, limit
-- Returns {cutoff, tag, record, tag, record...} of the deliveries that nobody renewed since the cutoff, oldest first.
local time = redis.call('TIME')
local cutoff = string.format('%.6f', time[1] + time[2] / 1000000 - ARGV[1])
local expired = {cutoff}
for _, tag in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', cutoff, 'LIMIT', 0, ARGV[2])) do
  local record = redis.call('HGET', KEYS[1], tag)
  if record then
    expired[#expired + 1] = tag
    expired[#expired + 1] = record
  else
    redis.call('ZREM', KEYS[2], tag)
  end
end
return expired
"""

MOVE = """
-- KEYS: leases, expiry, list. ARGV: tag, message, LPUSH or RPUSH, cutoff or nothing
-- Ends a delivery and puts its message on a list, unless it has ended already or was renewed since the cutoff.
if ARGV[4] ~= '' then
  local renewed = redis.call('ZSCORE', KEYS[2], ARGV[1])
  if renewed and tonumber(renewed) > tonumber(ARGV[4]) then return 0 end
end
if redis.call('HDEL', KEYS[1], ARGV[1]) == 0 then return 0 end
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call(ARGV[3], KEYS[3], ARGV[2])
return 1
"""
