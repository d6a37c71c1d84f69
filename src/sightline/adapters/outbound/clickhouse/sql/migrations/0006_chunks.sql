CREATE TABLE IF NOT EXISTS chunks
(
    tenant LowCardinality(String),
    metric UInt64 CODEC(LZ4) COMMENT 'hash of the metric name',
    id UInt64 CODEC(ZSTD(1)) COMMENT 'series.id',
    first DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)) COMMENT 'of its samples',
    span UInt32 CODEC(ZSTD(1)) COMMENT 'ms from the first sample to the last, all within ((h - 1) hours, h hours]',
    seq UInt64 CODEC(Delta(8), LZ4) COMMENT 'the sealed range: of equal timestamps the highest counts',
    samples UInt16 CODEC(ZSTD(1)) COMMENT 'how many',
    scale UInt8 CODEC(LZ4) COMMENT 'decimal places of the values; 255 where they are kept bit by bit',
    bounded UInt8 CODEC(LZ4) COMMENT 'whether lowest and highest are those of all values',
    lowest Int64 CODEC(Delta(8), ZSTD(1)) COMMENT 'times 10^scale; with scale 255 the bits',
    highest Int64 CODEC(Delta(8), ZSTD(1)),
    times Array(UInt8) CODEC(ZSTD(1)) COMMENT 'see domain/kernels/chunk.py',
    values Array(UInt8) CODEC(ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(first)
ORDER BY (tenant, metric, id, first)
SETTINGS
    index_granularity = 256,
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    min_rows_to_fsync_after_merge = 1,
    min_parts_to_merge_at_once = 24,
    ttl_only_drop_parts = 1,
    materialize_ttl_recalculate_only = 1
