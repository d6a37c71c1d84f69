ALTER TABLE otel_traces_trace_id_ts MODIFY TTL Start + toIntervalSecond({seconds})
