SELECT id, any(metric) AS metric_id, any(labels) AS label_set
FROM series
WHERE tenant = {tenant:String} AND /*matchers*/
GROUP BY id
