-- KEYS: leases, expiry, list...
-- ARGV: claim id, limit, lists per turn, number of acks, ack..., a tail for each list
-- Returns {number of the list, tag, message}... for up to `limit` messages. Lists of one priority take turns. A tail
-- closes the record of a message; a list with an empty one is consumed unacknowledged, and nothing is recorded.
local id, limit, turn, acks = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
if acks > 0 then
  redis.call('HDEL', KEYS[1], unpack(ARGV, 5, 4 + acks))
  redis.call('ZREM', KEYS[2], unpack(ARGV, 5, 4 + acks))
end
-- The same claim again: its reply was lost, and its messages are redelivered after their lease.
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
