"""Shares near a question: found without reading all of a shop's shares.

Revision ID: 0002
Revises: 0001
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_share_conversation_sent_at", "share", ["conversation_id", "sent_at"])


def downgrade() -> None:
    op.drop_index("ix_share_conversation_sent_at", "share")
