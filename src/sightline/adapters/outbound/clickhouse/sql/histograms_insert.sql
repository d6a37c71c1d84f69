INSERT INTO histograms
(
    tenant, metric, id, first, span, seq, weight, whole, times, schemas, resets, zero_thresholds, zero_counts, counts, positive, negative, sums,
    positive_lengths, positive_index, negative_lengths, negative_index, custom_lengths, custom
)
SELECT
    tenant, metric, id, first, span, seq, weight, whole, times, schemas, resets, zero_thresholds, zero_counts, counts, positive, negative, sums,
    positive_lengths, positive_index, negative_lengths, negative_index, custom_lengths, custom
FROM file(
    /*rows*/, 'Native',
    'tenant LowCardinality(String), metric UInt64, id UInt64, first DateTime64(3, ''UTC''), span UInt32, seq UInt64,
    weight UInt64, whole UInt8, times Array(Int64), schemas Array(Int8), resets Array(UInt8),
    zero_thresholds Array(Float64), zero_counts Array(Int64), counts Array(Int64), positive Array(Int64),
    negative Array(Int64), sums Array(Int64), positive_lengths Array(UInt32), positive_index Array(Int32),
    negative_lengths Array(UInt32), negative_index Array(Int32), custom_lengths Array(UInt32), custom Array(Float64)'
)
