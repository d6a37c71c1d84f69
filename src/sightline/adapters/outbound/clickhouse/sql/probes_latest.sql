SELECT
    location, toUnixTimestamp64Milli(ts) AS at, seconds, status_code, verdict, reason, message, phases, size, attempts,
    redirects, version, address, expires_at, trace_id, value, certificate
FROM probes FINAL
WHERE tenant = {tenant:String} AND target_id = {target:UInt64}
    AND ({location:String} = '' OR location = {location:String})
    AND ts >= fromUnixTimestamp64Milli({start:Int64}) AND ts <= fromUnixTimestamp64Milli({end:Int64})
ORDER BY probes.ts DESC, location
LIMIT {limit:UInt64}
