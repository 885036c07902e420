-- KEYS: leases. ARGV: cursor, the end of a record for each queue
-- Returns {next cursor, how many records of this part end so...}. Records that come or go meanwhile may be missed.
local part = redis.call('HSCAN', KEYS[1], ARGV[1], 'COUNT', 200)
local counts = {part[1]}
for place = 2, #ARGV do
  counts[place] = 0
end
for number = 2, #part[2], 2 do
  for place = 2, #ARGV do
    if string.sub(part[2][number], -#ARGV[place]) == ARGV[place] then
      counts[place] = counts[place] + 1
    end
  end
end
return counts
