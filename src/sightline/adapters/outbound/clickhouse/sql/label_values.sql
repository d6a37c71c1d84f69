SELECT DISTINCT value
FROM
(
    SELECT id, any(labels)[{name:String}] AS value, min(first_seen) AS first, max(last_seen) AS last
    FROM series
    WHERE tenant = {tenant:String} AND /*matchers*/
    GROUP BY id
)
WHERE value != ''
    AND first <= fromUnixTimestamp64Milli({end:Int64}, 'UTC')
    AND last >= fromUnixTimestamp64Milli({start:Int64}, 'UTC') - INTERVAL 1 HOUR
ORDER BY value
LIMIT {limit:UInt64}
