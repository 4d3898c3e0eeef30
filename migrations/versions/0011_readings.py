"""Voice is written down and pictures are described; a voice message may take a waiting share."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
KINDS = ("image", "video", "voice", "file", "preview", "avatar")
PENDING = sa.text("state = 'pending'")


def _states(name: str, *states: str) -> sa.Enum:
    return sa.Enum(*states, name=name, native_enum=False, create_constraint=True, length=32)


def upgrade() -> None:
    op.create_table(
        "reading",
        sa.Column("id", BIG, nullable=False),
        sa.Column("attachment_id", BIG, nullable=False),
        sa.Column("message_id", BIG, nullable=False),
        sa.Column("kind", _states("mediakind", *KINDS), nullable=False),
        sa.Column("state", _states("readingstate", "pending", "ready", "failed"), nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("error", sa.String(64), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("lease_until", MOMENT, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("model", sa.String(128), nullable=True),
        sa.Column("milliseconds", sa.Integer(), nullable=True),
        sa.Column("input_tokens", sa.Integer(), nullable=True),
        sa.Column("output_tokens", sa.Integer(), nullable=True),
        sa.Column("sound_milliseconds", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_reading"),
        sa.ForeignKeyConstraint(["attachment_id"], ["attachment.id"], name="fk_reading_attachment_id"),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name="fk_reading_message_id"),
        sa.UniqueConstraint("attachment_id", name="uq_reading_attachment_id"),
    )
    op.create_index("ix_reading_message_id", "reading", ["message_id"])
    op.create_index("ix_reading_due_at", "reading", ["due_at"], sqlite_where=PENDING, postgresql_where=PENDING)
    op.add_column("inbox", sa.Column("voice_takes_share", sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    op.drop_column("inbox", "voice_takes_share")
    op.drop_table("reading")
