"""Alerts, what channels were told of them, and what they are owed."""

import sqlalchemy as sa
from alembic import op

revision = "r0003_notification_log"
down_revision = "r0002_servers"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "notification_log",
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("tenant", sa.String, nullable=False),
        sa.Column("channel", sa.String, nullable=False),
        sa.Column("key", sa.LargeBinary, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("kind", "tenant", "channel", "key", name="pk_notification_log"),
    )
