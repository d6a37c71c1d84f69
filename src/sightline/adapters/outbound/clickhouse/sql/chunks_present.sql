WITH probes AS
(
    SELECT tenant, metric, id, first, seq
    FROM file(
        /*rows*/, 'Native',
        'tenant LowCardinality(String), metric UInt64, id UInt64, first DateTime64(3, ''UTC''), seq UInt64'
    )
)
SELECT toInt64(toYYYYMM(first)) AS month
FROM chunks
WHERE (tenant, metric, id, first) IN (SELECT tenant, metric, id, first FROM probes)
    AND seq IN (SELECT seq FROM probes)
