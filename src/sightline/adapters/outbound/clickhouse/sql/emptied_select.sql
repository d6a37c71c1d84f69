WITH latest AS
(
    SELECT tenant, metric, id, max(before) AS emptied_before
    FROM emptied
    GROUP BY tenant, metric, id
)
SELECT tenant, id
FROM latest
WHERE (tenant, id) NOT IN
(
    SELECT chunks.tenant, chunks.id
    FROM chunks
    INNER JOIN latest ON latest.tenant = chunks.tenant AND latest.metric = chunks.metric AND latest.id = chunks.id
    WHERE (chunks.tenant, chunks.metric, chunks.id) IN (SELECT tenant, metric, id FROM latest)
        AND chunks.seq >= latest.emptied_before
)
ORDER BY tenant, id
