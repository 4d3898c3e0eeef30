"""A reply that asks "which one?", and the share that answers it."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("message", sa.Column("asks_which", sa.Boolean(), server_default=sa.false(), nullable=False))
    # By hand: SQLite adds a column with its foreign key in one statement, and Alembic would copy the table.
    kind = "INTEGER" if op.get_bind().dialect.name == "sqlite" else "BIGINT"
    op.execute(f"ALTER TABLE share ADD COLUMN answers_id {kind} CONSTRAINT fk_share_answers_id REFERENCES message (id)")


def downgrade() -> None:
    states = sa.CheckConstraint(
        "state IN ('waiting', 'combined', 'expired', 'superseded')", name=op.f("ck_share_sharestate")
    )
    # SQLite copies the table to drop a column with a foreign key, and forgets the check while at it.
    again = {"table_args": (states,)} if op.get_bind().dialect.name == "sqlite" else {}
    with op.batch_alter_table("share", **again) as table:
        table.drop_column("answers_id")
    op.drop_column("message", "asks_which")
