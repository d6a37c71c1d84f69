SELECT
    id, seq, weight, whole, times, schemas, resets, zero_thresholds, zero_counts, counts, positive, negative, sums,
    positive_lengths, positive_index, negative_lengths, negative_index, custom_lengths, custom
FROM histograms
WHERE tenant = {tenant:String}
    AND metric IN {metrics:Array(UInt64)}
    AND id IN {ids:Array(UInt64)}
    AND first BETWEEN fromUnixTimestamp64Milli({early:Int64}, 'UTC') AND fromUnixTimestamp64Milli({end:Int64}, 'UTC')
    AND toUnixTimestamp64Milli(first) + span >= {start:Int64}
    AND seq < {before:UInt64}
    AND (toUnixTimestamp64Milli(first) < {start:Int64} OR toUnixTimestamp64Milli(first) + span > {end:Int64})
