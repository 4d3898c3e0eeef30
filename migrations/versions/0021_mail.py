"""Mail that waits to be sent."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "mail",
        sa.Column("id", BIG, nullable=False),
        sa.Column("recipient", sa.String(254), nullable=False),
        sa.Column("content_encrypted", sa.LargeBinary(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("lease_until", MOMENT, nullable=True),
        sa.Column("sent_at", MOMENT, nullable=True),
        sa.Column("error", sa.String(64), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_mail"),
    )
    waits = sa.text("content_encrypted IS NOT NULL")
    op.create_index("ix_mail_due_at", "mail", ["due_at"], sqlite_where=waits, postgresql_where=waits)
    op.create_index("ix_mail_recipient", "mail", ["recipient"])


def downgrade() -> None:
    op.drop_table("mail")
