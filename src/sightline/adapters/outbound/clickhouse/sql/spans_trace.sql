WITH
    (
        SELECT (min(Start), max(End))
        FROM otel_traces_trace_id_ts
        WHERE TraceId = {trace:String} AND tenant = {tenant:String}
    ) AS extent
SELECT
    toUnixTimestamp64Nano(Timestamp) AS starts_at, SpanId AS span_id, ParentSpanId AS parent_id, SpanName AS name,
    SpanKind AS kind, ServiceName AS service, ResourceAttributes AS resource, ScopeName AS scope,
    SpanAttributes AS attributes, Duration AS nanoseconds, StatusCode AS status, StatusMessage AS message,
    arrayMap(at -> toUnixTimestamp64Nano(at), Events.Timestamp) AS event_times, Events.Name AS event_names,
    Events.Attributes AS event_attributes
FROM otel_traces
WHERE TraceId = {trace:String} AND tenant = {tenant:String}
    -- Both are whole seconds. Compared as they are, they leave out parts of the table that have spans within the last one.
    AND Timestamp >= toDateTime64(extent.1, 9) AND Timestamp <= toDateTime64(extent.2, 9) + INTERVAL 1 SECOND
ORDER BY Timestamp, SpanId
LIMIT 1 BY SpanId
