"""Drafts for people, the assistant's hours and rules per inbox, and the switch that stops it everywhere."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
DRAFT_STATES = ("waiting", "stale", "applied", "edited", "discarded")
INBOX = (
    sa.Column("hours", sa.JSON(none_as_null=True), nullable=True),
    sa.Column("zone", sa.String(64), nullable=True),
    sa.Column("holidays", sa.JSON(none_as_null=True), nullable=True),
    sa.Column("hand_over_line", sa.Text(), nullable=True),
    sa.Column("outside_hours_line", sa.Text(), nullable=True),
    sa.Column("give_back_hours", sa.Integer(), nullable=True),
    sa.Column("needs_you_minutes", sa.Integer(), server_default="15", nullable=False),
)
CONVERSATION = (
    sa.Column("drafted_at", MOMENT, nullable=True),
    sa.Column("person_at", MOMENT, nullable=True),
)
INDEXES = (
    ("ix_conversation_unanswered", ["state", "unanswered_since"], "unanswered_since IS NOT NULL"),
    ("ix_conversation_drafted_at", ["drafted_at"], "drafted_at IS NOT NULL"),
    ("ix_conversation_person_at", ["state", "inbox_id", "person_at"], "person_at IS NOT NULL"),
)


def upgrade() -> None:
    op.create_table(
        "draft",
        sa.Column("id", BIG, nullable=False),
        sa.Column("conversation_id", BIG, nullable=False),
        sa.Column("turn_id", BIG, nullable=False),
        sa.Column("message_ids", sa.JSON(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("finding", sa.Text(), nullable=False),
        sa.Column("working", sa.JSON(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(*DRAFT_STATES, name="draftstate", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("stale_why", sa.String(32), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("operator_id", BIG, nullable=True),
        sa.Column("message_id", BIG, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_draft"),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversation.id"], name="fk_draft_conversation_id"),
        sa.ForeignKeyConstraint(["turn_id"], ["turn.id"], name="fk_draft_turn_id"),
        sa.ForeignKeyConstraint(["operator_id"], ["operator.id"], name="fk_draft_operator_id"),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name="fk_draft_message_id"),
    )
    op.create_index("ix_draft_conversation_id", "draft", ["conversation_id", "id"])
    op.create_index("ix_draft_turn_id", "draft", ["turn_id"])
    op.create_index("ix_draft_message_id", "draft", ["message_id"])
    _create_partial("uq_draft_waiting", "draft", ["conversation_id"], "state = 'waiting'", unique=True)
    op.create_table(
        "assistant_stop",
        sa.Column("id", BIG, nullable=False),
        sa.Column("stopped_at", MOMENT, nullable=False),
        sa.Column("stopped_by_id", BIG, nullable=True),
        sa.Column("lifted_at", MOMENT, nullable=True),
        sa.Column("lifted_by_id", BIG, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_assistant_stop"),
        sa.ForeignKeyConstraint(["stopped_by_id"], ["operator.id"], name="fk_assistant_stop_stopped_by_id"),
        sa.ForeignKeyConstraint(["lifted_by_id"], ["operator.id"], name="fk_assistant_stop_lifted_by_id"),
    )
    _create_partial("ix_assistant_stop_open", "assistant_stop", ["stopped_at"], "lifted_at IS NULL")
    for column in INBOX:
        op.add_column("inbox", column._copy())
    # The check stands in the column, so that SQLite adds it without making the table anew.
    op.execute(
        "ALTER TABLE inbox ADD COLUMN outside_hours VARCHAR(32) DEFAULT 'answer' NOT NULL"
        " CONSTRAINT ck_inbox_outsidehours CHECK (outside_hours IN ('answer', 'draft', 'hand_over'))"
    )
    for column in CONVERSATION:
        op.add_column("conversation", column._copy())
    op.execute("UPDATE conversation SET person_at = last_message_at WHERE state = 'operator'")
    for name, columns, where in INDEXES:
        _create_partial(name, "conversation", columns, where)


def _create_partial(name: str, table: str, columns: list[str], where: str, unique: bool = False) -> None:
    op.create_index(name, table, columns, unique=unique, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def downgrade() -> None:
    for name, _, _ in INDEXES:
        op.drop_index(name, "conversation")
    # By hand: Alembic would copy the table and lose its checks.
    for column in CONVERSATION:
        op.execute(f"ALTER TABLE conversation DROP COLUMN {column.name}")
    op.execute("ALTER TABLE inbox DROP COLUMN outside_hours")
    for column in INBOX:
        op.execute(f"ALTER TABLE inbox DROP COLUMN {column.name}")
    op.drop_table("assistant_stop")
    op.drop_table("draft")
