INSERT INTO series (tenant, metric, id, labels, first_seen, last_seen)
SELECT tenant, metric, id, labels, first_seen, last_seen
FROM file(
    /*rows*/, 'Native',
    'tenant LowCardinality(String), metric UInt64, id UInt64, labels Map(String, String),
    first_seen DateTime64(3, ''UTC''), last_seen DateTime64(3, ''UTC'')'
)
