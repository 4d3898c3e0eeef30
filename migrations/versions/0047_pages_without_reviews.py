"""Every page is read anew, though it has not changed: what visitors wrote beneath it is no text of the shop any more."""

from alembic import op

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("UPDATE web_page SET etag = NULL, last_modified = NULL, content_digest = NULL")


def downgrade() -> None:
    """The version before reads the pages once more, too."""
