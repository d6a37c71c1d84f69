SELECT tenant, metric, id, toUnixTimestamp64Milli(ts) AS time, value, seq
FROM samples
WHERE toYYYYMM(ts) = {month:Int64} AND id % {slices:UInt64} = {slice:UInt64}
