"""What sending keeps: what a delivery carries beside its text, the pause of an account, the claim of a webhook."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("delivery", sa.Column("payload", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("inbox", sa.Column("paused_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("webhook", sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("webhook") as table:
        table.drop_column("lease_until")
    with op.batch_alter_table("inbox") as table:
        table.drop_column("paused_until")
    with op.batch_alter_table("delivery") as table:
        table.drop_column("payload")
