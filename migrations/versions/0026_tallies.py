"""What happened, counted by the quarter of an hour and by the day; questions that nobody could answer."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
# By these times everything is counted; the last one tells what was asked about a post.
INDEXES = {
    "ix_message_sent_at": ("message", ["sent_at"]),
    "ix_turn_ended_at": ("turn", ["ended_at"]),
    "ix_draft_ended_at": ("draft", ["ended_at"]),
    "ix_share_own_post_id": ("share", ["own_post_id", "sent_at"]),
}
TABLES = ("open_question", "tally_zone", "tally_keeper", "tally_mark", "tally_day", "tally")


def _id() -> sa.Column:
    return sa.Column("id", BIG, primary_key=True)


def _points(name: str, to: str, nullable: bool = True, **more: bool) -> sa.Column:
    return sa.Column(name, BIG, sa.ForeignKey(f"{to}.id"), nullable=nullable, **more)


def _moment(name: str, nullable: bool = False) -> sa.Column:
    return sa.Column(name, MOMENT, nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "tally",
        _id(),
        _moment("at"),
        _points("inbox_id", "inbox"),
        sa.Column("numbers", sa.JSON(), nullable=False),
        sa.UniqueConstraint("at", "inbox_id"),
    )
    op.create_index("ix_tally_inbox_id", "tally", ["inbox_id"])
    op.create_table(
        "tally_day",
        _id(),
        sa.Column("zone", sa.String(64), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        _points("inbox_id", "inbox"),
        sa.Column("numbers", sa.JSON(), nullable=False),
        sa.UniqueConstraint("zone", "day", "inbox_id"),
    )
    op.create_index("ix_tally_day_inbox_id", "tally_day", ["inbox_id"])
    op.create_table("tally_mark", _id(), _moment("at"), _moment("due_at"))
    op.create_index("ix_tally_mark_at", "tally_mark", ["at", "due_at"])
    op.create_table(
        "tally_keeper",
        _id(),
        sa.Column("run", sa.Integer(), nullable=False),
        _moment("lease_until", nullable=True),
        _moment("marked_until", nullable=True),
        _moment("counted_at", nullable=True),
    )
    op.create_table(
        "tally_zone", _id(), sa.Column("name", sa.String(64), nullable=False, unique=True), _moment("asked_at")
    )
    op.create_table(
        "open_question",
        _id(),
        _points("turn_id", "turn", nullable=False, unique=True),
        _points("inbox_id", "inbox", nullable=False),
        _points("own_post_id", "own_post"),
        sa.Column("likeness", sa.String(200), nullable=False),
        _moment("asked_at"),
        _moment("settled_at", nullable=True),
        _points("settled_by_id", "operator"),
    )
    is_open = sa.text("settled_at IS NULL")
    op.create_index(
        "ix_open_question_open", "open_question", ["asked_at"], sqlite_where=is_open, postgresql_where=is_open
    )
    op.create_index("ix_open_question_inbox_id", "open_question", ["inbox_id"])
    op.create_index("ix_open_question_own_post_id", "open_question", ["own_post_id"])
    # The reference stands in the column, so that SQLite adds it without making the table anew.
    key = sa.ForeignKey("inbox.id", name=op.f("fk_model_use_inbox_id"))
    op.add_column("model_use", sa.Column("inbox_id", BIG, key, nullable=True), inline_references=True)
    op.execute(
        "UPDATE model_use SET inbox_id = (SELECT customer.inbox_id FROM customer WHERE customer.id = customer_id)"
    )
    for name, (table, columns) in INDEXES.items():
        op.create_index(name, table, columns)


def downgrade() -> None:
    for name, (table, _columns) in INDEXES.items():
        op.drop_index(name, table)
    with op.batch_alter_table("model_use") as table:
        table.drop_column("inbox_id")
    for table in TABLES:
        op.drop_table(table)
