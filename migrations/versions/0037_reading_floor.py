"""From when on a reading under way reads messages: the same in each of its runs."""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("upkeep", sa.Column("reading_floor", sa.DateTime(timezone=True)))


def downgrade() -> None:
    op.drop_column("upkeep", "reading_floor")
