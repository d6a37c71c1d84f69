SELECT name, extract(engine_full, 'TTL .*toIntervalSecond\\((\\d+)\\)') AS seconds
FROM system.tables
WHERE database = currentDatabase()
    AND name IN ('series', 'chunks', 'histograms', 'probes', 'otel_traces', 'otel_traces_trace_id_ts')
