SELECT tenant, number, metric, id, first, last, before
FROM tombstones
ORDER BY tenant, number, id
