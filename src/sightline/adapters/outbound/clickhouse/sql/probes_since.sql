SELECT count() AS rows_there, uniqExact(ts, location) AS results_there, toUnixTimestamp64Milli(min(ts)) AS since
FROM (
    SELECT ts, location
    FROM probes
    WHERE tenant = {tenant:String} AND target_id = {target:UInt64}
        AND ({location:String} = '' OR location = {location:String})
        AND ts >= fromUnixTimestamp64Milli({start:Int64}) AND ts <= fromUnixTimestamp64Milli({end:Int64})
    ORDER BY ts DESC
    LIMIT {limit:UInt64}
)
