INSERT INTO probes
(
    tenant, target_id, location, ts, seconds, status_code, verdict, reason, message, phases, size, attempts, redirects,
    version, address, expires_at, trace_id, value, certificate
)
SELECT
    tenant, target_id, location, ts, seconds, status_code, verdict, reason, message, phases, size, attempts, redirects,
    version, address, expires_at, trace_id, value, certificate
FROM file(
    /*rows*/, 'Native',
    'tenant String, target_id UInt64, location String, ts DateTime64(3, ''UTC''), seconds Float64,
    status_code Nullable(Int64), verdict String, reason String, message String, phases Map(String, Float64), size UInt64,
    attempts UInt32, redirects UInt32, version String, address String, expires_at Nullable(Int64), trace_id String,
    value Nullable(Float64), certificate String'
)
