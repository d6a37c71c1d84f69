CREATE TABLE IF NOT EXISTS series
(
    tenant LowCardinality(String),
    metric UInt64 COMMENT 'hash of the metric name',
    id UInt64 COMMENT 'hash of the label set, unique within a tenant',
    labels SimpleAggregateFunction(any, Map(String, String)),
    first_seen SimpleAggregateFunction(min, DateTime64(3, 'UTC')),
    last_seen SimpleAggregateFunction(max, DateTime64(3, 'UTC')) COMMENT 'written at most hourly'
)
ENGINE = AggregatingMergeTree
ORDER BY (tenant, metric, id)
SETTINGS
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    min_rows_to_fsync_after_merge = 1
