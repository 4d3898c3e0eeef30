"""Counts of rows that will not change any more."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "counter",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True),
        sa.Column("source", sa.String(32), nullable=False, unique=True),
        sa.Column("until_id", sa.BigInteger(), nullable=False),
        sa.Column("seen_id", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("numbers", sa.JSON(), nullable=False),
    )
    has_failed = sa.text("state = 'failed'")
    op.create_index(
        "ix_webhook_failed", "webhook", ["received_at"], sqlite_where=has_failed, postgresql_where=has_failed
    )


def downgrade() -> None:
    op.drop_index("ix_webhook_failed", "webhook")
    op.drop_table("counter")
