WITH probes AS
(
    SELECT tenant, metric, id, ts, seq
    FROM file(
        /*rows*/, 'Native',
        'tenant LowCardinality(String), metric UInt64, id UInt64, ts DateTime64(3, ''UTC''), value Float64, seq UInt64'
    )
)
SELECT toInt64(toYYYYMM(ts)) AS month
FROM samples
WHERE (tenant, metric, id, ts) IN (SELECT tenant, metric, id, ts FROM probes)
    AND seq IN (SELECT seq FROM probes)
