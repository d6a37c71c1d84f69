INSERT INTO chunks (tenant, metric, id, first, span, seq, samples, scale, bounded, lowest, highest, times, values)
SELECT tenant, metric, id, first, span, seq, samples, scale, bounded, lowest, highest, times, values
FROM file(
    /*rows*/, 'Native',
    'tenant LowCardinality(String), metric UInt64, id UInt64, first DateTime64(3, ''UTC''), span UInt32, seq UInt64,
    samples UInt16, scale UInt8, bounded UInt8, lowest Int64, highest Int64, times Array(UInt8), values Array(UInt8)'
)
