"""Facts: where they come from, the catalogue with its variants, passages of texts, pages and documents."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
KINDS = ("manual", "csv", "woocommerce", "shopify", "document", "page", "sitemap")


def states(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def key(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=f"fk_{table}_{column}")


def upgrade() -> None:
    op.add_column("inbox", sa.Column("facts_version", sa.Integer(), nullable=False, server_default="0"))
    op.create_table(
        "source",
        sa.Column("id", BIG, nullable=False),
        sa.Column("inbox_id", BIG, nullable=True),
        sa.Column("kind", states("sourcekind", *KINDS), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("secret_encrypted", sa.LargeBinary(), nullable=True),
        sa.Column("currency", sa.String(3), nullable=True),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("state", states("sourcestate", "draft", "waiting", "ready", "failed"), nullable=False),
        sa.Column("error", sa.String(64), nullable=True),
        sa.Column("error_detail", sa.Text(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("every_hours", sa.Integer(), nullable=True),
        sa.Column("due_at", MOMENT, nullable=True),
        sa.Column("lease_until", MOMENT, nullable=True),
        sa.Column("checked_at", MOMENT, nullable=True),
        sa.Column("read_at", MOMENT, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_source"),
        key("source", "inbox_id", "inbox"),
    )
    op.create_index("ix_source_inbox_id", "source", ["inbox_id"])
    op.create_index("ix_source_due_at", "source", ["due_at"])
    op.create_table(
        "source_file",
        sa.Column("id", BIG, nullable=False),
        sa.Column("source_id", BIG, nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_source_file"),
        key("source_file", "source_id", "source"),
        sa.UniqueConstraint("source_id", name="uq_source_file_source_id"),
    )
    op.create_table(
        "web_page",
        sa.Column("id", BIG, nullable=False),
        sa.Column("source_id", BIG, nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("title", sa.String(300), nullable=True),
        sa.Column("etag", sa.String(300), nullable=True),
        sa.Column("last_modified", sa.String(64), nullable=True),
        sa.Column("content_digest", sa.String(64), nullable=True),
        sa.Column("error", sa.String(64), nullable=True),
        sa.Column("checked_at", MOMENT, nullable=True),
        sa.Column("changed_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_web_page"),
        key("web_page", "source_id", "source"),
        sa.UniqueConstraint("source_id", "digest", name="uq_web_page_source_id_digest"),
    )
    op.create_table(
        "product",
        sa.Column("id", BIG, nullable=False),
        sa.Column("source_id", BIG, nullable=False),
        sa.Column("inbox_id", BIG, nullable=True),
        sa.Column("external_id", sa.String(191), nullable=True),
        sa.Column("name", sa.String(300), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("category", sa.String(300), nullable=False),
        sa.Column("sku", sa.String(128), nullable=True),
        sa.Column("link", sa.Text(), nullable=True),
        sa.Column("picture_url", sa.Text(), nullable=True),
        sa.Column("more_pictures", sa.JSON(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=True),
        sa.Column("valid_from", MOMENT, nullable=True),
        sa.Column("valid_until", MOMENT, nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_product"),
        key("product", "source_id", "source"),
        key("product", "inbox_id", "inbox"),
        sa.UniqueConstraint("source_id", "external_id", name="uq_product_source_id_external_id"),
    )
    op.create_index("ix_product_inbox_id", "product", ["inbox_id", "active"])
    op.create_index("ix_product_sku", "product", ["sku"])
    op.create_index("ix_product_name", "product", ["name", "id"])
    op.create_table(
        "variant",
        sa.Column("id", BIG, nullable=False),
        sa.Column("product_id", BIG, nullable=False),
        sa.Column("external_id", sa.String(191), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("sku", sa.String(128), nullable=True),
        sa.Column("size", sa.String(100), nullable=True),
        sa.Column("colour", sa.String(100), nullable=True),
        sa.Column("other", sa.String(200), nullable=True),
        sa.Column("price", sa.BigInteger(), nullable=True),
        sa.Column("old_price", sa.BigInteger(), nullable=True),
        sa.Column("stock", sa.Integer(), nullable=True),
        sa.Column("available", sa.Boolean(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_variant"),
        key("variant", "product_id", "product"),
        sa.UniqueConstraint("product_id", "external_id", name="uq_variant_product_id_external_id"),
    )
    op.create_index("ix_variant_product_id", "variant", ["product_id", "position"])
    op.create_index("ix_variant_sku", "variant", ["sku"])
    op.create_table(
        "passage",
        sa.Column("id", BIG, nullable=False),
        sa.Column("source_id", BIG, nullable=False),
        sa.Column("inbox_id", BIG, nullable=True),
        sa.Column("web_page_id", BIG, nullable=True),
        sa.Column("kind", states("passagekind", "faq", "text", "page"), nullable=False),
        sa.Column("title", sa.String(300), nullable=False),
        sa.Column("heading", sa.String(300), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("valid_from", MOMENT, nullable=True),
        sa.Column("valid_until", MOMENT, nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_passage"),
        key("passage", "source_id", "source"),
        key("passage", "inbox_id", "inbox"),
        key("passage", "web_page_id", "web_page"),
    )
    op.create_index("ix_passage_source_id", "passage", ["source_id", "web_page_id", "position"])
    op.create_index("ix_passage_web_page_id", "passage", ["web_page_id"])
    op.create_index("ix_passage_inbox_id", "passage", ["inbox_id", "active"])


def downgrade() -> None:
    for table in ("passage", "variant", "product", "web_page", "source_file", "source"):
        op.drop_table(table)
    with op.batch_alter_table("inbox") as batch_op:
        batch_op.drop_column("facts_version")
