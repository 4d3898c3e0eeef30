"""A page whose letters were not understood when it was read is read anew, though it has not changed since."""

from alembic import op

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "UPDATE web_page SET etag = NULL, last_modified = NULL, content_digest = NULL WHERE id IN (SELECT web_page_id"
        " FROM passage WHERE text LIKE '%\ufffd%' OR heading LIKE '%\ufffd%' OR title LIKE '%\ufffd%')"
    )


def downgrade() -> None:
    """The version before reads such a page once more, too."""
