"""A reading of all posts keeps its place, so that the next run goes on there."""

import sqlalchemy as sa
from alembic import op

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("upkeep", sa.Column("all_posts_since", sa.DateTime(timezone=True)))
    op.add_column("upkeep", sa.Column("all_posts_after", sa.Text()))


def downgrade() -> None:
    op.drop_column("upkeep", "all_posts_after")
    op.drop_column("upkeep", "all_posts_since")
