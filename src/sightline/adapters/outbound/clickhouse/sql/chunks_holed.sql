SELECT id, seq, toUnixTimestamp64Milli(first) AS start, span, samples, scale, lowest, times, values
FROM chunks
WHERE tenant = {tenant:String}
    AND metric IN {metrics:Array(UInt64)}
    AND id IN {ids:Array(UInt64)}
    AND first BETWEEN fromUnixTimestamp64Milli({early:Int64}, 'UTC') AND fromUnixTimestamp64Milli({end:Int64}, 'UTC')
    AND toUnixTimestamp64Milli(first) + span >= {start:Int64}
    AND seq < {before:UInt64}
    AND (toUnixTimestamp64Milli(first) < {start:Int64} OR toUnixTimestamp64Milli(first) + span > {end:Int64})
