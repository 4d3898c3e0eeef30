"""What was missed is found again: own posts, comments, how far an inbox was read, looks for uncertain sends."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
COMMENT_STATES = ("open", "own", "queued", "sending", "replied", "failed", "unknown")
UNRECOGNISED = sa.text("own_post_id IS NULL")
UNFINISHED = sa.text("state IN ('queued', 'sending')")


def upgrade() -> None:
    op.create_table(
        "own_post",
        sa.Column("id", BIG, nullable=False),
        sa.Column("inbox_id", BIG, nullable=False),
        sa.Column("media_id", sa.String(128), nullable=False),
        sa.Column("caption", sa.Text(), nullable=True),
        sa.Column("caption_start", sa.String(64), nullable=True),
        sa.Column("permalink", sa.Text(), nullable=True),
        sa.Column("shortcode", sa.String(64), nullable=True),
        sa.Column("media_type", sa.String(32), nullable=True),
        sa.Column("media_product_type", sa.String(32), nullable=True),
        sa.Column("picture_url", sa.Text(), nullable=True),
        sa.Column("copy_id", BIG, nullable=True),
        sa.Column("posted_at", MOMENT, nullable=True),
        sa.Column("synced_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_own_post"),
        sa.ForeignKeyConstraint(["copy_id"], ["media_file.id"], name="fk_own_post_copy_id"),
        sa.ForeignKeyConstraint(["inbox_id"], ["inbox.id"], name="fk_own_post_inbox_id"),
        sa.UniqueConstraint("inbox_id", "media_id", name="uq_own_post_inbox_id_media_id"),
    )
    op.create_index("ix_own_post_shortcode", "own_post", ["inbox_id", "shortcode"])
    op.create_index("ix_own_post_caption_start", "own_post", ["inbox_id", "caption_start"])
    op.create_index("ix_own_post_copy_id", "own_post", ["copy_id"])
    op.create_table(
        "comment",
        sa.Column("id", BIG, nullable=False),
        sa.Column("inbox_id", BIG, nullable=False),
        sa.Column("external_id", sa.String(128), nullable=False),
        sa.Column("parent_external_id", sa.String(128), nullable=True),
        sa.Column("author_external_id", sa.String(128), nullable=True),
        sa.Column("author_username", sa.String(128), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("media_external_id", sa.String(128), nullable=True),
        sa.Column("media_kind", sa.String(32), nullable=True),
        sa.Column("own_post_id", BIG, nullable=True),
        sa.Column("is_live", sa.Boolean(), nullable=False),
        sa.Column("commented_at", MOMENT, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column(
            "state",
            sa.Enum(*COMMENT_STATES, name="commentstate", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("reply_text", sa.Text(), nullable=True),
        sa.Column("operator_id", BIG, nullable=True),
        sa.Column("due_at", MOMENT, nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("lease_until", MOMENT, nullable=True),
        sa.Column("replied_at", MOMENT, nullable=True),
        sa.Column("reply_external_id", sa.String(512), nullable=True),
        sa.Column("error", sa.String(64), nullable=True),
        sa.Column("error_text", sa.Text(), nullable=True),
        sa.Column("conversation_id", BIG, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_comment"),
        sa.ForeignKeyConstraint(["inbox_id"], ["inbox.id"], name="fk_comment_inbox_id"),
        sa.ForeignKeyConstraint(["own_post_id"], ["own_post.id"], name="fk_comment_own_post_id"),
        sa.ForeignKeyConstraint(["operator_id"], ["operator.id"], name="fk_comment_operator_id"),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversation.id"], name="fk_comment_conversation_id"),
        sa.UniqueConstraint("inbox_id", "external_id", name="uq_comment_inbox_id_external_id"),
    )
    op.create_index("ix_comment_commented_at", "comment", ["commented_at", "id"])
    op.create_index("ix_comment_conversation_id", "comment", ["conversation_id"])
    op.create_index("ix_comment_replied_at", "comment", ["inbox_id", "replied_at"])
    op.create_index(
        "ix_comment_unfinished", "comment", ["due_at"], sqlite_where=UNFINISHED, postgresql_where=UNFINISHED
    )
    op.create_table(
        "upkeep",
        sa.Column("id", BIG, nullable=False),
        sa.Column("inbox_id", BIG, nullable=False),
        sa.Column("lease_until", MOMENT, nullable=True),
        sa.Column("not_before", MOMENT, nullable=True),
        sa.Column("read_until", MOMENT, nullable=True),
        sa.Column("reading_since", MOMENT, nullable=True),
        sa.Column("read_at", MOMENT, nullable=True),
        sa.Column("posts_at", MOMENT, nullable=True),
        sa.Column("all_posts_at", MOMENT, nullable=True),
        sa.Column("error", sa.String(64), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_upkeep"),
        sa.ForeignKeyConstraint(["inbox_id"], ["inbox.id"], name="fk_upkeep_inbox_id"),
        sa.UniqueConstraint("inbox_id", name="uq_upkeep_inbox_id"),
    )
    op.add_column("delivery", sa.Column("unknown_at", MOMENT, nullable=True))
    op.add_column("delivery", sa.Column("looks", sa.Integer(), server_default="0", nullable=False))
    op.add_column("delivery", sa.Column("looked_at", MOMENT, nullable=True))
    _add_own_post_to_share()
    op.create_index(
        "ix_share_unrecognised", "share", ["sent_at"], sqlite_where=UNRECOGNISED, postgresql_where=UNRECOGNISED
    )


def _add_own_post_to_share() -> None:
    # By hand: SQLite adds a column with its foreign key in one statement, and Alembic would instead copy the table and
    # lose its other constraints.
    kind = "INTEGER" if op.get_bind().dialect.name == "sqlite" else "BIGINT"
    op.execute(
        f"ALTER TABLE share ADD COLUMN own_post_id {kind} CONSTRAINT fk_share_own_post_id REFERENCES own_post (id)"
    )


def downgrade() -> None:
    op.drop_index("ix_share_unrecognised", "share")
    states = sa.CheckConstraint(
        "state IN ('waiting', 'combined', 'expired', 'superseded')", name=op.f("ck_share_sharestate")
    )
    # SQLite copies the table to drop a column with a foreign key, and forgets the check while at it.
    again = {"table_args": (states,)} if op.get_bind().dialect.name == "sqlite" else {}
    with op.batch_alter_table("share", **again) as table:
        table.drop_column("own_post_id")
    for column in ("looked_at", "looks", "unknown_at"):
        op.drop_column("delivery", column)
    op.drop_table("upkeep")
    op.drop_table("comment")
    op.drop_table("own_post")
