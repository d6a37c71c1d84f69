CREATE TABLE IF NOT EXISTS tombstones
(
    tenant LowCardinality(String),
    number UInt64 COMMENT 'which delete',
    metric UInt64 COMMENT 'hash of the metric name',
    id UInt64 COMMENT 'series.id',
    first Int64 COMMENT 'from when on samples are deleted, ms, included',
    last Int64 COMMENT 'until when, ms, included',
    before UInt64 COMMENT 'what came in sealed ranges below it is deleted'
)
ENGINE = MergeTree
ORDER BY (tenant, number, id)
SETTINGS
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    min_rows_to_fsync_after_merge = 1
