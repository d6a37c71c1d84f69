SELECT version, program
FROM schema_version
ORDER BY version DESC
LIMIT 1
