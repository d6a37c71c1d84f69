SELECT count() AS histograms
FROM (SELECT 1 FROM histograms LIMIT 1)
