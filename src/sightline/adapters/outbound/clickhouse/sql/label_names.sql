SELECT DISTINCT arrayJoin(mapKeys(label_set)) AS name
FROM
(
    SELECT id, any(labels) AS label_set, min(first_seen) AS first, max(last_seen) AS last
    FROM series
    WHERE tenant = {tenant:String} AND /*matchers*/
    GROUP BY id
)
WHERE first <= fromUnixTimestamp64Milli({end:Int64}, 'UTC')
    AND last >= fromUnixTimestamp64Milli({start:Int64}, 'UTC') - INTERVAL 1 HOUR
ORDER BY name
LIMIT {limit:UInt64}
