"""The words by which messages, shared posts and customers are found.

What is there already is taken in by a job, the newest first (pilito/search/fill.py): here it would hold every writer up
until the last of a million messages is done.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
# FTS5 keeps no copy of the words (`content`), no places within a text (`detail`) and no lengths (`columnsize`): 40 % of
# the size. Words are cut by us, so everything but ASCII punctuation belongs to a word, and `#` too, which begins a mark.
INDEX = """
CREATE VIRTUAL TABLE search_index USING fts5(
  words, content='search_entry', content_rowid='id', detail='none', columnsize=0, prefix='2 3',
  tokenize="ascii tokenchars '#'"
)
"""
ADD = "INSERT INTO search_index (rowid, words) VALUES (new.id, new.words);"
DROP = "INSERT INTO search_index (search_index, rowid, words) VALUES ('delete', old.id, old.words);"
TRIGGERS = {"INSERT": ADD, "DELETE": DROP, "UPDATE": f"{DROP} {ADD}"}
BACKLOG = ("message", "share", "customer")  # in the order of SearchKind


def upgrade() -> None:
    is_sqlite = op.get_context().dialect.name == "sqlite"
    op.create_table(
        "search_entry",
        sa.Column("id", BIG, nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("target_id", sa.BigInteger(), nullable=False),
        sa.Column("customer_id", BIG, nullable=False),
        sa.Column("conversation_id", sa.BigInteger(), nullable=True),
        sa.Column("words", sa.Text() if is_sqlite else postgresql.TSVECTOR(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name="fk_search_entry_customer_id"),
        sa.PrimaryKeyConstraint("id", name="pk_search_entry"),
    )
    op.create_index("ix_search_entry_target_id", "search_entry", ["target_id", "kind"])
    op.create_index("ix_search_entry_customer_id", "search_entry", ["customer_id"])
    backlog = op.create_table(
        "search_backlog",
        sa.Column("id", BIG, nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("below_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_search_backlog"),
        sa.UniqueConstraint("kind", name="uq_search_backlog_kind"),
    )
    if is_sqlite:
        op.execute(INDEX)
        for deed, then in TRIGGERS.items():
            op.execute(f"CREATE TRIGGER search_entry_{deed.lower()} AFTER {deed} ON search_entry BEGIN {then} END")
    else:
        op.create_index("ix_search_entry_words", "search_entry", ["words"], postgresql_using="gin")
    for kind, table in enumerate(BACKLOG):
        newest = sa.select(sa.literal(kind), sa.func.max(sa.column("id")) + 1).select_from(sa.table(table))
        op.execute(
            backlog.insert().from_select(["kind", "below_id"], newest.having(sa.func.max(sa.column("id")).is_not(None)))
        )


def downgrade() -> None:
    if op.get_context().dialect.name == "sqlite":
        op.execute("DROP TABLE search_index")
    op.drop_table("search_backlog")
    op.drop_table("search_entry")
