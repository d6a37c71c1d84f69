SELECT target_id, location, toUnixTimestamp64Milli(ts) AS at, seconds, verdict, reason
FROM probes FINAL
WHERE tenant = {tenant:String} AND (/*since*/)
ORDER BY target_id, probes.ts DESC, location
LIMIT {limit:UInt64} BY target_id
