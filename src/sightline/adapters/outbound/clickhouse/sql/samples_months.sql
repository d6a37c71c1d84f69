SELECT toInt64(toYYYYMM(ts)) AS month, count() AS rows
FROM samples
GROUP BY month
ORDER BY month
