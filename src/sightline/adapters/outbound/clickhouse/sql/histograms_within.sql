SELECT
    tenant, id, seq, weight, whole, times, schemas, resets, zero_thresholds, zero_counts, counts, positive, negative, sums,
    positive_lengths, positive_index, negative_lengths, negative_index, custom_lengths, custom
FROM histograms
WHERE first BETWEEN fromUnixTimestamp64Milli({early:Int64}, 'UTC') AND fromUnixTimestamp64Milli({end:Int64}, 'UTC')
    AND toUnixTimestamp64Milli(first) + span >= {start:Int64}
