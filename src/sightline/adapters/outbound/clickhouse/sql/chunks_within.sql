SELECT tenant, id, seq, toUnixTimestamp64Milli(first) AS start, span, samples, scale, lowest, times, values
FROM chunks
WHERE first BETWEEN fromUnixTimestamp64Milli({early:Int64}, 'UTC') AND fromUnixTimestamp64Milli({end:Int64}, 'UTC')
    AND toUnixTimestamp64Milli(first) + span >= {start:Int64}
