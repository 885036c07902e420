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
