"""The line that says a machine answers: each inbox's own, and the replies that it was sent in front of."""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("inbox", "message"):
        column = sa.Column("machine_line", sa.Text(), nullable=True)
        op.add_column(table, column, if_not_exists=_is_postgres() or None)
    _build_index("ix_message_machine_line", ["conversation_id", "sent_at"], "machine_line IS NOT NULL")


def downgrade() -> None:
    op.drop_index("ix_message_machine_line", "message")
    op.drop_column("message", "machine_line")
    op.drop_column("inbox", "machine_line")


def _build_index(name: str, columns: list[str], condition: str) -> None:
    """On PostgreSQL beside whoever writes. What stands before it is committed then, so that all of this may come twice;
    and a try that broke off leaves an index by this name which is not valid."""
    where = sa.text(condition)
    if not _is_postgres():
        op.create_index(name, "message", columns, sqlite_where=where)
        return
    with op.get_context().autocommit_block():
        # It waits for all that reads since before, a backup for one; and nobody waits for it meanwhile.
        op.execute("SET lock_timeout = 0")
        op.drop_index(name, "message", if_exists=True, postgresql_concurrently=True)
        op.create_index(name, "message", columns, postgresql_where=where, postgresql_concurrently=True)
        op.execute("SET lock_timeout = '2s'")


def _is_postgres() -> bool:
    return op.get_context().dialect.name == "postgresql"
