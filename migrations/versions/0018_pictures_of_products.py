"""Products: their picture as our own copy."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    # The reference stands in the column, so that SQLite adds it without making the table anew.
    key = sa.ForeignKey("media_file.id", name=op.f("fk_product_copy_id"))
    op.add_column("product", sa.Column("copy_id", BIG, key, nullable=True), inline_references=True)
    op.create_index("ix_product_copy_id", "product", ["copy_id"])


def downgrade() -> None:
    op.drop_index("ix_product_copy_id", table_name="product")
    with op.batch_alter_table("product") as batch_op:
        batch_op.drop_column("copy_id")
