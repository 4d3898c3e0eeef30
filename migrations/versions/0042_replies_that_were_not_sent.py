"""Whoever answered a comment is told, until they have seen it, that their words were not sent."""

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None

IS_MISSED = sa.text("missed_at IS NOT NULL")


def upgrade() -> None:
    op.add_column("comment", sa.Column("missed_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_comment_missed", "comment", ["operator_id"], sqlite_where=IS_MISSED, postgresql_where=IS_MISSED
    )


def downgrade() -> None:
    op.drop_index("ix_comment_missed", "comment")
    op.drop_column("comment", "missed_at")
