ALTER TABLE samples
    MODIFY SETTING min_parts_to_merge_at_once = 24
