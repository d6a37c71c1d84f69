SELECT id, seq, toUnixTimestamp64Milli(first) AS start, span, samples, scale, bounded, lowest, highest
FROM chunks
WHERE tenant = {tenant:String}
    AND metric IN {metrics:Array(UInt64)}
    AND id IN {ids:Array(UInt64)}
    AND first BETWEEN fromUnixTimestamp64Milli({start:Int64}, 'UTC') AND fromUnixTimestamp64Milli({end:Int64}, 'UTC')
