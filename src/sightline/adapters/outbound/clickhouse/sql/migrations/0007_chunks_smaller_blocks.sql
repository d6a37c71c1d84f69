ALTER TABLE chunks
    MODIFY COLUMN values MODIFY SETTING min_compress_block_size = 16384
