"""Who is told by mail that an account stops, and of which end and which loss they were told."""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("operator", sa.Column("alert_mail", sa.Boolean(), server_default=sa.true(), nullable=False))
    op.add_column("inbox", sa.Column("told_end_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("inbox", sa.Column("subscription_lost_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("inbox", "subscription_lost_at")
    op.drop_column("inbox", "told_end_at")
    op.drop_column("operator", "alert_mail")
