"""Checks, how they stood, and incidents."""

import sqlalchemy as sa
from alembic import op

revision = "r0004_uptime"
down_revision = "r0003_notification_log"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "targets",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("tenant", sa.String, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("url", sa.String, nullable=False),
        sa.Column("type", sa.String, nullable=False),
        sa.Column("enabled", sa.Boolean, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("updated_at", sa.BigInteger, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_targets"),
        sa.UniqueConstraint("tenant", "name", name="uq_targets_tenant_name"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "transitions",
        sa.Column("tenant", sa.String, nullable=False),
        sa.Column("target_id", sa.BigInteger, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("previous", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("probe_reason", sa.String, nullable=False),
        sa.Column("message", sa.String, nullable=False),
        sa.Column("locations", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "target_id", "at", name="pk_transitions"),
        sqlite_with_rowid=False,
    )
    op.create_table("monitor", sa.Column("alive_at", sa.BigInteger, nullable=False))
    _create_incidents()


def _create_incidents() -> None:
    op.create_table(
        "incidents",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("tenant", sa.String, nullable=False),
        sa.Column("target_id", sa.BigInteger),
        sa.Column("started_at", sa.BigInteger, nullable=False),
        sa.Column("ended_at", sa.BigInteger),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("details", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_incidents"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_incidents_tenant_target_id_id", "incidents", ["tenant", "target_id", "id"])
    op.create_index("ix_incidents_tenant_id", "incidents", ["tenant", "id"])
    lasting = sa.text("ended_at IS NULL")
    op.create_index(
        "ix_incidents_lasting", "incidents", ["tenant", "id"], sqlite_where=lasting, postgresql_where=lasting
    )
    op.create_table(
        "incident_entries",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("incident_id", _NUMBER, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("who", sa.String, nullable=False),
        sa.Column("public", sa.Boolean, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_incident_entries"),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name="fk_incident_entries_incident_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_incident_entries_incident_id_id", "incident_entries", ["incident_id", "id"])
