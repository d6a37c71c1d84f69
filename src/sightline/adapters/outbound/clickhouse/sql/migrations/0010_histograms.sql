CREATE TABLE IF NOT EXISTS histograms
(
    tenant LowCardinality(String),
    metric UInt64 CODEC(LZ4) COMMENT 'hash of the metric name',
    id UInt64 CODEC(ZSTD(1)) COMMENT 'series.id',
    first DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)) COMMENT 'of its histograms',
    span UInt32 CODEC(ZSTD(1)) COMMENT 'ms from the first histogram to the last',
    seq UInt64 CODEC(Delta(8), LZ4) COMMENT 'the sealed range: of equal timestamps the highest counts',
    weight UInt64 CODEC(ZSTD(1)) COMMENT 'bytes of memory that they take',
    whole UInt8 CODEC(ZSTD(1)) COMMENT 'whether counts are differences of whole numbers; else they are bits that differ',
    times Array(Int64) CODEC(Delta(8), ZSTD(1)) COMMENT 'ms; each is marked among the samples of chunks',
    schemas Array(Int8) CODEC(ZSTD(1)),
    resets Array(UInt8) CODEC(ZSTD(1)),
    zero_thresholds Array(Float64) CODEC(ZSTD(1)),
    zero_counts Array(Int64) CODEC(ZSTD(1)) COMMENT 'this and the next three: see domain/kernels/histogram_steps.py',
    counts Array(Int64) CODEC(ZSTD(1)),
    positive Array(Int64) CODEC(ZSTD(1)) COMMENT 'counts of all positive buckets, one histogram after the other',
    negative Array(Int64) CODEC(ZSTD(1)),
    sums Array(Int64) CODEC(ZSTD(1)) COMMENT 'bits that differ',
    positive_lengths Array(UInt32) CODEC(ZSTD(1)) COMMENT 'how many buckets each histogram has',
    positive_index Array(Int32) CODEC(ZSTD(1)),
    negative_lengths Array(UInt32) CODEC(ZSTD(1)),
    negative_index Array(Int32) CODEC(ZSTD(1)),
    custom_lengths Array(UInt32) CODEC(ZSTD(1)) COMMENT 'how many bounds of its own each histogram has',
    custom Array(Float64) CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(first)
ORDER BY (tenant, metric, id, first, seq)
SETTINGS
    index_granularity = 256,
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    min_rows_to_fsync_after_merge = 1,
    min_parts_to_merge_at_once = 24,
    ttl_only_drop_parts = 1,
    materialize_ttl_recalculate_only = 1
