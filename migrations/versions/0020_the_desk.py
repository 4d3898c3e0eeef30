"""What people at the desk keep: labels, notes, canned replies, saved views, notifications, what is put off, who is blocked."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
COLOURS = ("grey", "red", "orange", "yellow", "green", "blue", "purple", "pink")
KINDS = ("mentioned", "assigned", "returned")


def _id() -> sa.Column:
    return sa.Column("id", BIG, primary_key=True)


def _points(name: str, to: str, nullable: bool = True) -> sa.Column:
    return sa.Column(name, BIG, sa.ForeignKey(f"{to}.id"), nullable=nullable)


def _moment(name: str, nullable: bool = True) -> sa.Column:
    return sa.Column(name, MOMENT, nullable=nullable)


def _states(name: str, values: tuple[str, ...]) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def _partial(name: str, table: str, column: str, where: str) -> None:
    op.create_index(name, table, [column], sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def upgrade() -> None:
    op.create_table(
        "label",
        _id(),
        sa.Column("name", sa.String(60), nullable=False, unique=True),
        sa.Column("colour", _states("labelcolour", COLOURS), nullable=False),
        _moment("created_at", nullable=False),
    )
    op.create_table(
        "conversation_label",
        _id(),
        _points("conversation_id", "conversation", nullable=False),
        _points("label_id", "label", nullable=False),
        _points("operator_id", "operator"),
        _moment("created_at", nullable=False),
        sa.UniqueConstraint("conversation_id", "label_id"),
    )
    op.create_index("ix_conversation_label_label_id", "conversation_label", ["label_id", "conversation_id"])
    op.create_table(
        "note",
        _id(),
        _points("conversation_id", "conversation", nullable=False),
        _points("operator_id", "operator"),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        _moment("created_at", nullable=False),
        _moment("edited_at"),
        _moment("deleted_at"),
    )
    op.create_index("ix_note_conversation_id_created_at", "note", ["conversation_id", "created_at", "id"])
    op.create_index("ix_note_conversation_id_seq", "note", ["conversation_id", "seq"])
    op.create_table(
        "mention",
        _id(),
        _points("note_id", "note", nullable=False),
        _points("operator_id", "operator", nullable=False),
        sa.UniqueConstraint("note_id", "operator_id"),
    )
    op.create_index("ix_mention_operator_id", "mention", ["operator_id"])
    op.create_table(
        "canned_reply",
        _id(),
        sa.Column("shortcut", sa.String(60), nullable=False, unique=True),
        sa.Column("text", sa.Text(), nullable=False),
        _points("inbox_id", "inbox"),
        _points("created_by_id", "operator"),
        _moment("created_at", nullable=False),
        _moment("changed_at"),
    )
    op.create_index("ix_canned_reply_inbox_id", "canned_reply", ["inbox_id"])
    op.create_table(
        "saved_view",
        _id(),
        _points("operator_id", "operator"),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("query", sa.String(500), nullable=False),
        _moment("created_at", nullable=False),
    )
    op.create_index("ix_saved_view_operator_id", "saved_view", ["operator_id"])
    op.create_table(
        "notification",
        _id(),
        _points("operator_id", "operator", nullable=False),
        sa.Column("kind", _states("notificationkind", KINDS), nullable=False),
        _points("conversation_id", "conversation", nullable=False),
        _points("note_id", "note"),
        _points("by_id", "operator"),
        _moment("created_at", nullable=False),
        _moment("read_at"),
        _moment("mailed_at"),
    )
    op.create_index("ix_notification_operator_id", "notification", ["operator_id", "id"])
    _partial("ix_notification_unread", "notification", "operator_id", "read_at IS NULL")
    op.create_index("ix_notification_conversation_id", "notification", ["conversation_id"])
    op.create_index("ix_notification_note_id", "notification", ["note_id"])

    op.add_column("conversation", _moment("snoozed_until"))
    op.add_column("conversation", _moment("returned_at"))
    _partial("ix_conversation_snoozed_until", "conversation", "snoozed_until", "snoozed_until IS NOT NULL")
    _partial("ix_conversation_returned_at", "conversation", "returned_at", "returned_at IS NOT NULL")
    op.create_index("ix_conversation_operator_id", "conversation", ["operator_id", "last_message_at", "id"])
    op.add_column("customer", _moment("blocked_at"))
    _point_to_itself()
    _partial("ix_customer_same_as_id", "customer", "same_as_id", "same_as_id IS NOT NULL")


def _point_to_itself() -> None:
    """SQLite adds a column with its foreign key only as text; PostgreSQL understands the same."""
    op.execute(
        "ALTER TABLE customer ADD COLUMN same_as_id BIGINT CONSTRAINT fk_customer_same_as_id_customer REFERENCES customer (id)"
        if op.get_bind().dialect.name == "postgresql"
        else "ALTER TABLE customer ADD COLUMN same_as_id INTEGER CONSTRAINT fk_customer_same_as_id_customer REFERENCES customer (id)"
    )


def downgrade() -> None:
    op.drop_index("ix_customer_same_as_id", "customer")
    op.execute("ALTER TABLE customer DROP COLUMN same_as_id")
    op.drop_column("customer", "blocked_at")
    for name in ("ix_conversation_operator_id", "ix_conversation_returned_at", "ix_conversation_snoozed_until"):
        op.drop_index(name, "conversation")
    op.drop_column("conversation", "returned_at")
    op.drop_column("conversation", "snoozed_until")
    for table in ("notification", "saved_view", "canned_reply", "mention", "note", "conversation_label", "label"):
        op.drop_table(table)
