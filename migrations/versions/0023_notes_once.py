"""A note carries the browser's id, as a reply does: sent twice, it is one note."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("note", sa.Column("client_id", sa.String(64)))
    op.create_index("uq_note_client_id", "note", ["conversation_id", "client_id"], unique=True)


def downgrade() -> None:
    op.drop_index("uq_note_client_id", "note")
    op.drop_column("note", "client_id")
