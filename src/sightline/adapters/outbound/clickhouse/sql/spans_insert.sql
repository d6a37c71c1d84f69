INSERT INTO otel_traces
(
    tenant, Timestamp, TraceId, SpanId, ParentSpanId, SpanName, SpanKind, ServiceName, ResourceAttributes, ScopeName,
    SpanAttributes, Duration, StatusCode, StatusMessage, Events.Timestamp, Events.Name, Events.Attributes
)
SELECT
    tenant, starts_at, trace_id, span_id, parent_id, name, kind, service, resource, scope,
    attributes, nanoseconds, status, message, event_times, event_names, event_attributes
FROM file(
    /*rows*/, 'Native',
    'tenant String, starts_at DateTime64(9), trace_id String, span_id String, parent_id String, name String, kind String,
    service String, resource Map(String, String), scope String, attributes Map(String, String), nanoseconds UInt64,
    status String, message String, event_times Array(DateTime64(9)), event_names Array(String),
    event_attributes Array(Map(String, String))'
)
