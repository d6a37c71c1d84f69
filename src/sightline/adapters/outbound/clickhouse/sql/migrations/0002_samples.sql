CREATE TABLE IF NOT EXISTS samples
(
    tenant LowCardinality(String),
    metric UInt64 CODEC(ZSTD(1)) COMMENT 'hash of the metric name',
    id UInt64 CODEC(ZSTD(1)) COMMENT 'series.id',
    ts DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
    value Float64 CODEC(Delta(8), ZSTD(1)),
    seq UInt64 CODEC(Delta(8), ZSTD(1)) COMMENT 'position in the log: of equal timestamps the highest counts'
)
ENGINE = ReplacingMergeTree(seq)
PARTITION BY toYYYYMM(ts)
ORDER BY (tenant, metric, id, ts)
SETTINGS
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    min_rows_to_fsync_after_merge = 1,
    ttl_only_drop_parts = 1,
    materialize_ttl_recalculate_only = 1
