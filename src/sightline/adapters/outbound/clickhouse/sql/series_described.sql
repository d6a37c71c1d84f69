SELECT tenant, id, any(labels) AS label_set,
    toUnixTimestamp64Milli(min(first_seen)) AS first, toUnixTimestamp64Milli(max(last_seen)) AS last
FROM series
GROUP BY tenant, id
