-- The tables of Sightline, as SQL that PostgreSQL takes, and SQLite too. Written by scripts/init_sql.py.
--
-- Nobody has to run this. The program makes and migrates its tables itself: those of the catalog in catalog.sqlite in the data
-- folder, and results of probes in ClickHouse. It is here for who reads them, and for who wants a database of the same shape.
-- Times are in ms since 1970 UTC. `body` is all there is of a row, passwords included; the other columns are what is looked for.

CREATE TABLE IF NOT EXISTS documents (
    tenant VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    key VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    body BYTEA NOT NULL,
    CONSTRAINT pk_documents PRIMARY KEY (tenant, kind, key)
);

CREATE TABLE IF NOT EXISTS incidents (
    id BIGSERIAL NOT NULL,
    tenant VARCHAR NOT NULL,
    target_id BIGINT,
    started_at BIGINT NOT NULL,
    ended_at BIGINT,
    kind VARCHAR NOT NULL,
    details TEXT NOT NULL,
    version INTEGER NOT NULL,
    body TEXT NOT NULL,
    CONSTRAINT pk_incidents PRIMARY KEY (id)
);

CREATE INDEX IF NOT EXISTS ix_incidents_lasting ON incidents (tenant, id) WHERE ended_at IS NULL;

CREATE INDEX IF NOT EXISTS ix_incidents_tenant_id ON incidents (tenant, id);

CREATE INDEX IF NOT EXISTS ix_incidents_tenant_target_id_id ON incidents (tenant, target_id, id);

CREATE TABLE IF NOT EXISTS monitor (
    alive_at BIGINT NOT NULL
);

CREATE TABLE IF NOT EXISTS notification_log (
    kind VARCHAR NOT NULL,
    tenant VARCHAR NOT NULL,
    channel VARCHAR NOT NULL,
    key BYTEA NOT NULL,
    body BYTEA NOT NULL,
    CONSTRAINT pk_notification_log PRIMARY KEY (kind, tenant, channel, key)
);

CREATE TABLE IF NOT EXISTS servers (
    id UUID NOT NULL,
    tenant VARCHAR NOT NULL,
    hostname VARCHAR NOT NULL,
    ip_address VARCHAR NOT NULL,
    os VARCHAR NOT NULL,
    labels JSONB NOT NULL,
    agent_version VARCHAR NOT NULL,
    last_seen BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    CONSTRAINT pk_servers PRIMARY KEY (id),
    CONSTRAINT uq_servers_tenant_hostname UNIQUE (tenant, hostname)
);

CREATE TABLE IF NOT EXISTS targets (
    id BIGSERIAL NOT NULL,
    tenant VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    url VARCHAR NOT NULL,
    type VARCHAR NOT NULL,
    enabled BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    version INTEGER NOT NULL,
    body TEXT NOT NULL,
    CONSTRAINT pk_targets PRIMARY KEY (id),
    CONSTRAINT uq_targets_tenant_name UNIQUE (tenant, name)
);

CREATE TABLE IF NOT EXISTS transitions (
    tenant VARCHAR NOT NULL,
    target_id BIGINT NOT NULL,
    at BIGINT NOT NULL,
    previous VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    probe_reason VARCHAR NOT NULL,
    message VARCHAR NOT NULL,
    locations TEXT NOT NULL,
    CONSTRAINT pk_transitions PRIMARY KEY (tenant, target_id, at)
);

CREATE TABLE IF NOT EXISTS incident_entries (
    id BIGSERIAL NOT NULL,
    incident_id BIGINT NOT NULL,
    at BIGINT NOT NULL,
    kind VARCHAR NOT NULL,
    text TEXT NOT NULL,
    who VARCHAR NOT NULL,
    public BOOLEAN NOT NULL,
    status VARCHAR NOT NULL,
    CONSTRAINT pk_incident_entries PRIMARY KEY (id),
    CONSTRAINT fk_incident_entries_incident_id FOREIGN KEY(incident_id) REFERENCES incidents (id)
);

CREATE INDEX IF NOT EXISTS ix_incident_entries_incident_id_id ON incident_entries (incident_id, id);

-- Results of probes are not in the catalog: they are too many. They are in ClickHouse, in the data folder's `clickhouse`:
--
--   CREATE TABLE IF NOT EXISTS probes
--   (
--       id UInt64 ALIAS bitShiftRight(cityHash64(tenant, target_id, ts, location), 1) COMMENT 'fits a BIGINT',
--       tenant LowCardinality(String),
--       target_id UInt64 CODEC(ZSTD(1)) COMMENT 'id of the check',
--       location LowCardinality(String),
--       ts DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)) COMMENT 'start of the last attempt',
--       seconds Float64 CODEC(ZSTD(1)) COMMENT 'how long that took',
--       latency_ms Float64 ALIAS seconds * 1000,
--       status_code Nullable(Int64) CODEC(ZSTD(1)) COMMENT 'the number of the protocol for how it went',
--       verdict LowCardinality(String) COMMENT 'up, degraded or down',
--       ok Bool ALIAS verdict != 'down',
--       reason LowCardinality(String),
--       message String CODEC(ZSTD(1)),
--       phases Map(String, Float64) CODEC(ZSTD(1)) COMMENT 'seconds, in the order in which they came',
--       size UInt64 CODEC(ZSTD(1)) COMMENT 'bytes of the answer',
--       attempts UInt32 CODEC(ZSTD(1)),
--       redirects UInt32 CODEC(ZSTD(1)),
--       version LowCardinality(String) COMMENT 'of the protocol',
--       address String CODEC(ZSTD(1)) COMMENT 'who answered',
--       expires_at Nullable(Int64) CODEC(ZSTD(1)) COMMENT 'ms: when what was shown ends',
--       trace_id String CODEC(ZSTD(1)),
--       value Nullable(Float64) CODEC(ZSTD(1)) COMMENT 'of an expression',
--       certificate String CODEC(ZSTD(1)) COMMENT 'JSON; empty where none was shown'
--   )
--   ENGINE = ReplacingMergeTree
--   PARTITION BY toYYYYMM(ts)
--   ORDER BY (tenant, target_id, ts, location)
--   SETTINGS
--       index_granularity = 1024,
--       fsync_after_insert = 1,
--       fsync_part_directory = 1,
--       min_rows_to_fsync_after_merge = 1,
--       ttl_only_drop_parts = 1,
--       materialize_ttl_recalculate_only = 1
--
-- While the program runs, GET /status?target_id=N tells them. A snapshot of the data folder, or the folder itself once the program
-- has stopped, is open to SQL with the Python package chdb:
--
--   import chdb
--   chdb.connect("snapshots/NAME/clickhouse").query(
--       "SELECT id, target_id, toUnixTimestamp64Milli(ts) AS ts, latency_ms, status_code, ok FROM probes FINAL", "CSV"
--   )
--
-- What that answers fits the following table, which the program itself neither makes nor fills.

CREATE TABLE IF NOT EXISTS probes (
    id BIGINT NOT NULL,
    target_id BIGINT NOT NULL,
    ts BIGINT NOT NULL,
    latency_ms FLOAT(53) NOT NULL,
    status_code INTEGER,
    ok BOOLEAN NOT NULL,
    PRIMARY KEY (id)
);

CREATE INDEX IF NOT EXISTS ix_probes_target_id_ts ON probes (target_id, ts);
