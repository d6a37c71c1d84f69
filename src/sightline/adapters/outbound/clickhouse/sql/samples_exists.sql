SELECT count() AS tables
FROM system.tables
WHERE database = currentDatabase() AND name = 'samples'
