INSERT INTO samples (tenant, metric, id, ts, value, seq)
SELECT tenant, metric, id, ts, value, seq
FROM file(
    /*rows*/, 'Native',
    'tenant LowCardinality(String), metric UInt64, id UInt64, ts DateTime64(3, ''UTC''), value Float64, seq UInt64'
)
