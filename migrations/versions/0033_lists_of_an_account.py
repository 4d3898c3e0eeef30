"""The list of one account, and that of what is unread, by an index each: of 100,000 conversations only a page is read."""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_conversation_inbox_id", "conversation", ["inbox_id", "last_message_at", "id"])
    where = sa.text("unread_count > 0")
    op.create_index(
        "ix_conversation_unread",
        "conversation",
        ["last_message_at", "id"],
        sqlite_where=where,
        postgresql_where=where,
    )


def downgrade() -> None:
    op.drop_index("ix_conversation_unread", "conversation")
    op.drop_index("ix_conversation_inbox_id", "conversation")
