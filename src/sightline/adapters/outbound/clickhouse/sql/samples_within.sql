SELECT tenant, id, toUnixTimestamp64Milli(ts) AS time, value, seq
FROM samples
WHERE ts BETWEEN fromUnixTimestamp64Milli({start:Int64}, 'UTC') AND fromUnixTimestamp64Milli({end:Int64}, 'UTC')
