"""Whose a webhook is, so that the unread ones of different accounts take turns."""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("webhook", sa.Column("account", sa.String(128), server_default="", nullable=False))
    _partial_index("ix_webhook_unread", ["account", "id"], "state = 'pending'")
    _partial_index("ix_webhook_lease_until", ["lease_until"], "state = 'pending' AND lease_until IS NOT NULL")


def downgrade() -> None:
    op.drop_index("ix_webhook_lease_until", "webhook")
    op.drop_index("ix_webhook_unread", "webhook")
    op.drop_column("webhook", "account")


def _partial_index(name: str, columns: list[str], condition: str) -> None:
    where = sa.text(condition)
    op.create_index(name, "webhook", columns, sqlite_where=where, postgresql_where=where)
