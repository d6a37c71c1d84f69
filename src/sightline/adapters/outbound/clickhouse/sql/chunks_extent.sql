SELECT id, seq, toUnixTimestamp64Milli(first) AS start, span
FROM chunks
WHERE tenant = {tenant:String}
    AND metric IN {metrics:Array(UInt64)}
    AND id IN {ids:Array(UInt64)}
