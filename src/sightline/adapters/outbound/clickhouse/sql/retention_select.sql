SELECT name, extract(engine_full, 'TTL .*toIntervalSecond\\((\\d+)\\)') AS seconds
FROM system.tables
WHERE database = currentDatabase() AND name IN ('series', 'chunks', 'histograms')
