"""What lines of the audit log quote of customers who are erased already: it goes, as it goes with them from now on."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

# Such a line is always written about a conversation; where it has none any more, its customer was erased.
FORGOTTEN = (
    "conversation_id IS NULL AND CAST(details AS TEXT) <> '{}' AND action IN ('handed_over', 'private_reply',"
    " 'referred', 'thread_passed', 'thread_taken', 'thread_requested', 'opted_in', 'linked')"
)
SHOP = sa.table("shop", sa.column("words_erased_at", sa.DateTime()))


def upgrade() -> None:
    connection = op.get_bind()
    seals = f"UPDATE audit_seal SET details_salt = NULL WHERE audit_id IN (SELECT id FROM audit WHERE {FORGOTTEN})"
    connection.execute(sa.text(seals))
    forgotten = connection.execute(sa.text(f"UPDATE audit SET details = '{{}}' WHERE {FORGOTTEN}")).rowcount
    if forgotten and connection.dialect.name == "sqlite":  # the files of it are wiped, as after any erasing
        connection.execute(sa.update(SHOP).values(words_erased_at=datetime.now(UTC).replace(tzinfo=None)))


def downgrade() -> None:
    """What was forgotten stays so."""
