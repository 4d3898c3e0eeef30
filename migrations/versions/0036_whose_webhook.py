"""Whose a webhook is, so that the unread ones of different accounts take turns."""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    column = sa.Column("account", sa.String(128), server_default="", nullable=False)
    op.add_column("webhook", column, if_not_exists=_is_postgres() or None)
    _build_index("ix_webhook_unread", ["account", "id"], "state = 'pending'")
    _build_index("ix_webhook_lease_until", ["lease_until"], "state = 'pending' AND lease_until IS NOT NULL")


def downgrade() -> None:
    op.drop_index("ix_webhook_lease_until", "webhook")
    op.drop_index("ix_webhook_unread", "webhook")
    op.drop_column("webhook", "account")


def _build_index(name: str, columns: list[str], condition: str) -> None:
    """On PostgreSQL beside whoever writes. What stands before it is committed then, so that all of this may come twice;
    and a try that broke off leaves an index by this name which is not valid."""
    where = sa.text(condition)
    if not _is_postgres():
        op.create_index(name, "webhook", columns, sqlite_where=where)
        return
    with op.get_context().autocommit_block():
        # It waits for all that reads since before, a backup for one; and nobody waits for it meanwhile.
        op.execute("SET lock_timeout = 0")
        op.drop_index(name, "webhook", if_exists=True, postgresql_concurrently=True)
        op.create_index(name, "webhook", columns, postgresql_where=where, postgresql_concurrently=True)
        op.execute("SET lock_timeout = '2s'")


def _is_postgres() -> bool:
    return op.get_context().dialect.name == "postgresql"
