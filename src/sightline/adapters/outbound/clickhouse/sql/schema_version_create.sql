CREATE TABLE IF NOT EXISTS schema_version
(
    version UInt32,
    program String COMMENT 'the version of Sightline that applied it',
    applied DateTime('UTC') DEFAULT now()
)
ENGINE = MergeTree
ORDER BY version
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1
