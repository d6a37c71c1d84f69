INSERT INTO samples (tenant, metric, id, ts, value, seq)
SELECT tenant, metric, id, ts, value, seq
FROM Python(rows)
