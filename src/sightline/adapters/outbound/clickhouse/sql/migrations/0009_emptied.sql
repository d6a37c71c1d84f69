CREATE TABLE IF NOT EXISTS emptied
(
    tenant LowCardinality(String),
    metric UInt64 COMMENT 'hash of the metric name',
    id UInt64 COMMENT 'series.id',
    before UInt64 COMMENT 'a delete left nothing of what came in sealed ranges below it'
)
ENGINE = MergeTree
ORDER BY (tenant, metric, id)
SETTINGS
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    min_rows_to_fsync_after_merge = 1
