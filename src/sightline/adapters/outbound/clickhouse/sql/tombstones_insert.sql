INSERT INTO tombstones (tenant, number, metric, id, first, last, before)
SELECT tenant, number, metric, id, first, last, before
FROM file(
    /*rows*/, 'Native',
    'tenant LowCardinality(String), number UInt64, metric UInt64, id UInt64, first Int64, last Int64, before UInt64'
)
