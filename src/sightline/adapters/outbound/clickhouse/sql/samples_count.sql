SELECT count() AS samples
FROM
(
    SELECT DISTINCT id, ts
    FROM samples
    WHERE tenant = {tenant:String}
        AND metric IN {metrics:Array(UInt64)}
        AND id IN {ids:Array(UInt64)}
        AND ts BETWEEN fromUnixTimestamp64Milli({start:Int64}, 'UTC') AND fromUnixTimestamp64Milli({end:Int64}, 'UTC')
    LIMIT {limit:UInt64}
)
