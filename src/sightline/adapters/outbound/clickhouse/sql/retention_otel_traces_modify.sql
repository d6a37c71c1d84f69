ALTER TABLE otel_traces MODIFY TTL toDateTime(Timestamp) + toIntervalSecond({seconds})
