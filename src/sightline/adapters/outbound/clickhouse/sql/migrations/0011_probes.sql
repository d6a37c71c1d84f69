CREATE TABLE IF NOT EXISTS probes
(
    id UInt64 ALIAS bitShiftRight(cityHash64(tenant, target_id, ts, location), 1) COMMENT 'fits a BIGINT',
    tenant LowCardinality(String),
    target_id UInt64 CODEC(ZSTD(1)) COMMENT 'id of the check',
    location LowCardinality(String),
    ts DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)) COMMENT 'start of the last attempt',
    seconds Float64 CODEC(ZSTD(1)) COMMENT 'how long that took',
    latency_ms Float64 ALIAS seconds * 1000,
    status_code Nullable(Int64) CODEC(ZSTD(1)) COMMENT 'the number of the protocol for how it went',
    verdict LowCardinality(String) COMMENT 'up, degraded or down',
    ok Bool ALIAS verdict != 'down',
    reason LowCardinality(String),
    message String CODEC(ZSTD(1)),
    phases Map(String, Float64) CODEC(ZSTD(1)) COMMENT 'seconds, in the order in which they came',
    size UInt64 CODEC(ZSTD(1)) COMMENT 'bytes of the answer',
    attempts UInt32 CODEC(ZSTD(1)),
    redirects UInt32 CODEC(ZSTD(1)),
    version LowCardinality(String) COMMENT 'of the protocol',
    address String CODEC(ZSTD(1)) COMMENT 'who answered',
    expires_at Nullable(Int64) CODEC(ZSTD(1)) COMMENT 'ms: when what was shown ends',
    trace_id String CODEC(ZSTD(1)),
    value Nullable(Float64) CODEC(ZSTD(1)) COMMENT 'of an expression',
    certificate String CODEC(ZSTD(1)) COMMENT 'JSON; empty where none was shown'
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(ts)
ORDER BY (tenant, target_id, ts, location)
SETTINGS
    index_granularity = 1024,
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    min_rows_to_fsync_after_merge = 1,
    ttl_only_drop_parts = 1,
    materialize_ttl_recalculate_only = 1
