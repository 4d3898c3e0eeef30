"""Which products a post is about, and what counts where its caption and the catalogue name different prices."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def _states(name: str, *states: str) -> sa.Enum:
    return sa.Enum(*states, name=name, native_enum=False, create_constraint=True, length=32)


def upgrade() -> None:
    op.create_table(
        "post_product",
        sa.Column("id", BIG, nullable=False),
        sa.Column("inbox_id", BIG, nullable=False),
        sa.Column("own_post_id", BIG, nullable=False),
        sa.Column("product_id", BIG, nullable=False),
        sa.Column("how", _states("foundby", "owner", "sku", "name"), nullable=False),
        sa.Column("state", _states("postproductstate", "proposed", "confirmed", "refused"), nullable=False),
        sa.Column("operator_id", BIG, nullable=True),
        sa.Column("settled_at", MOMENT, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_post_product"),
        sa.ForeignKeyConstraint(["inbox_id"], ["inbox.id"], name="fk_post_product_inbox_id"),
        sa.ForeignKeyConstraint(["own_post_id"], ["own_post.id"], name="fk_post_product_own_post_id"),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name="fk_post_product_product_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["operator_id"], ["operator.id"], name="fk_post_product_operator_id"),
        sa.UniqueConstraint("own_post_id", "product_id", name="uq_post_product_own_post_id_product_id"),
    )
    op.create_index("ix_post_product_inbox_id", "post_product", ["inbox_id", "state"])
    op.create_index("ix_post_product_product_id", "post_product", ["product_id"])
    op.add_column("own_post", sa.Column("matched_version", sa.Integer(), nullable=True))
    # The check stands in the column, so that SQLite adds it without making the table anew.
    op.execute(
        "ALTER TABLE inbox ADD COLUMN price_rule VARCHAR(32) DEFAULT 'ask' NOT NULL"
        " CONSTRAINT ck_inbox_pricerule CHECK (price_rule IN ('ask', 'catalogue'))"
    )


def downgrade() -> None:
    op.execute("ALTER TABLE inbox DROP COLUMN price_rule")
    op.execute("ALTER TABLE own_post DROP COLUMN matched_version")
    op.drop_table("post_product")
