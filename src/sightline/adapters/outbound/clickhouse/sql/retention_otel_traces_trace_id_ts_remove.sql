ALTER TABLE otel_traces_trace_id_ts REMOVE TTL
