"""The line that says a machine answers: each inbox's own, and the replies that it was sent in front of."""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("inbox", sa.Column("machine_line", sa.Text(), nullable=True))
    op.add_column("message", sa.Column("machine_line", sa.Text(), nullable=True))
    where = sa.text("machine_line IS NOT NULL")
    op.create_index(
        "ix_message_machine_line",
        "message",
        ["conversation_id", "sent_at"],
        sqlite_where=where,
        postgresql_where=where,
    )


def downgrade() -> None:
    op.drop_index("ix_message_machine_line", "message")
    op.drop_column("message", "machine_line")
    op.drop_column("inbox", "machine_line")
