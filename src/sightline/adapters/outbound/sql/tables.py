"""The tables of the catalog, as they are after the last migration. Importing this loads SQLAlchemy, which takes a while."""

from typing import Final

from sqlalchemy import JSON, BigInteger, Column, Integer, LargeBinary, MetaData, String, Table, UniqueConstraint, Uuid
from sqlalchemy.dialects.postgresql import JSONB

METADATA: Final = MetaData(naming_convention={"uq": "uq_%(table_name)s_%(column_0_N_name)s", "pk": "pk_%(table_name)s"})

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
