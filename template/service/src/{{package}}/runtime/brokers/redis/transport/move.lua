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
