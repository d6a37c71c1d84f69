SELECT toInt64(toYYYYMM(ts)) AS month
FROM samples
WHERE (tenant, metric, id, ts) IN (SELECT tenant, metric, id, ts FROM Python(rows))
    AND seq IN (SELECT seq FROM Python(rows))
