"""Servers that report."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "r0002_servers"
down_revision = "r0001_documents"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "servers",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("tenant", sa.String, nullable=False),
        sa.Column("hostname", sa.String, nullable=False),
        sa.Column("ip_address", sa.String, nullable=False),
        sa.Column("os", sa.String, nullable=False),
        sa.Column("labels", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
        sa.Column("agent_version", sa.String, nullable=False),
        sa.Column("last_seen", sa.BigInteger),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("updated_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_servers"),
        sa.UniqueConstraint("tenant", "hostname", name="uq_servers_tenant_hostname"),
    )
