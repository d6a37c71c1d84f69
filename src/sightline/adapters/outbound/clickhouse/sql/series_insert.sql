INSERT INTO series (tenant, metric, id, labels, first_seen, last_seen)
SELECT tenant, metric, id, labels, first_seen, last_seen
FROM Python(rows)
