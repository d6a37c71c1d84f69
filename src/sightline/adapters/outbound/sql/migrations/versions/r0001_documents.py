"""Documents by tenant, kind and key."""

import sqlalchemy as sa
from alembic import op

revision = "r0001_documents"
down_revision = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "documents",
        sa.Column("tenant", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("key", sa.String, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "kind", "key", name="pk_documents"),
    )
