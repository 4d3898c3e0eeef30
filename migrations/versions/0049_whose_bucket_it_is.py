"""By which marks in a bucket this database knows that it is its own, and whether nothing is dropped from it for now."""

import sqlalchemy as sa
from alembic import op

revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "media_mark",
        sa.Column("id", BIG, primary_key=True),
        sa.Column("marks", sa.JSON(), nullable=False),
        sa.Column("held_at", sa.DateTime(timezone=True)),
        sa.Column("held_why", sa.String(16)),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    op.drop_table("media_mark")
