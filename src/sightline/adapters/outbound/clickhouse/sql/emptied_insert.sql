INSERT INTO emptied (tenant, metric, id, before)
SELECT tenant, metric, id, before
FROM file(/*rows*/, 'Native', 'tenant LowCardinality(String), metric UInt64, id UInt64, before UInt64')
