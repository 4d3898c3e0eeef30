"""A price of 0 that was stored before it was refused is none, as shops mean it."""

from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "UPDATE variant SET price = NULLIF(price, 0), old_price = NULLIF(old_price, 0)"
        " WHERE price = 0 OR old_price = 0"
    )


def downgrade() -> None:
    """The version before takes none as none, too."""
