"""The tables of the catalog, as they are after the last migration. Importing this loads SQLAlchemy, which takes a while."""

from typing import Final

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB

METADATA: Final = MetaData(
    naming_convention={
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

_NUMBER: Final = BigInteger().with_variant(Integer(), "sqlite")
"""Of rows that count themselves: SQLite does so only in columns of this very type."""

DOCUMENTS: Final = Table(
    "documents",
    METADATA,
    Column("tenant", String, primary_key=True),
    Column("kind", String, primary_key=True),
    Column("key", String, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
)
"""JSON texts by kind and key."""

SERVERS: Final = Table(
    "servers",
    METADATA,
    Column("id", Uuid(as_uuid=False), primary_key=True),
    Column("tenant", String, nullable=False),
    Column("hostname", String, nullable=False),
    Column("ip_address", String, nullable=False),
    Column("os", String, nullable=False),
    Column("labels", JSON().with_variant(JSONB(), "postgresql"), nullable=False),
    Column("agent_version", String, nullable=False),
    Column("last_seen", BigInteger),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    UniqueConstraint("tenant", "hostname"),
)
"""Servers that report. Times are in ms since 1970 UTC."""

NOTIFICATION_LOG: Final = Table(
    "notification_log",
    METADATA,
    Column("kind", String, primary_key=True),
    Column("tenant", String, primary_key=True),
    Column("channel", String, primary_key=True),
    Column("key", LargeBinary, primary_key=True),
    Column("body", LargeBinary, nullable=False),
)
"""JSON texts: of alerts by their labels, without a channel; of what was told and what is owed by the group."""

TARGETS: Final = Table(
    "targets",
    METADATA,
    Column("id", _NUMBER, primary_key=True),
    Column("tenant", String, nullable=False),
    Column("name", String, nullable=False),
    Column("url", String, nullable=False),
    Column("type", String, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("version", Integer, nullable=False),
    Column("body", Text, nullable=False),
    UniqueConstraint("tenant", "name"),
    sqlite_autoincrement=True,
)
"""Checks: body has the definition as JSON, of which name, url, type and enabled repeat what readers of the database look for.

Times of this table and those that follow are in ms since 1970 UTC. Ids are never given again.
"""

TRANSITIONS: Final = Table(
    "transitions",
    METADATA,
    Column("tenant", String, primary_key=True),
    Column("target_id", BigInteger, primary_key=True),
    Column("at", BigInteger, primary_key=True),
    Column("previous", String, nullable=False),
    Column("state", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("probe_reason", String, nullable=False),
    Column("message", String, nullable=False),
    Column("locations", Text, nullable=False),
    sqlite_with_rowid=False,
)
"""How checks came to stand; locations is a JSON list. Outlives its check."""

MONITOR: Final = Table("monitor", METADATA, Column("alive_at", BigInteger, nullable=False))
"""At most one row: when the program was last there to see."""

INCIDENTS: Final = Table(
    "incidents",
    METADATA,
    Column("id", _NUMBER, primary_key=True),
    Column("tenant", String, nullable=False),
    Column("target_id", BigInteger),
    Column("started_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    Column("kind", String, nullable=False),
    Column("details", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("body", Text, nullable=False),
    sqlite_autoincrement=True,
)
"""Incidents: body has all of one as JSON, of which the columns repeat what is looked for. Outlives its check."""

Index(None, INCIDENTS.c.tenant, INCIDENTS.c.target_id, INCIDENTS.c.id)
Index(None, INCIDENTS.c.tenant, INCIDENTS.c.id)
Index(
    "ix_incidents_lasting",
    INCIDENTS.c.tenant,
    INCIDENTS.c.id,
    sqlite_where=INCIDENTS.c.ended_at.is_(None),
    postgresql_where=INCIDENTS.c.ended_at.is_(None),
)

INCIDENT_ENTRIES: Final = Table(
    "incident_entries",
    METADATA,
    Column("id", _NUMBER, primary_key=True),
    Column("incident_id", _NUMBER, ForeignKey(INCIDENTS.c.id), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("kind", String, nullable=False),
    Column("text", Text, nullable=False),
    Column("who", String, nullable=False),
    Column("public", Boolean, nullable=False),
    Column("status", String, nullable=False),
    Index(None, "incident_id", "id"),
    sqlite_autoincrement=True,
)
"""Lines of the timelines of incidents."""

_MOST: Final = 2**63 - 1


def is_id(number: int) -> bool:
    """Whether a row may have such a number; a database is not even asked about what it cannot hold."""
    return 0 < number <= _MOST
