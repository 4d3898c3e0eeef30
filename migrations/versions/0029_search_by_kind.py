"""The words of each kind of entry are told apart, and words of four letters and more are found by their beginning at once.

The entries are derived from other rows: they go, and the job makes them again, the newest first.
"""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

TABLES = ("message", "share", "customer", "note")  # in the order of SearchKind
INDEX = """
CREATE VIRTUAL TABLE search_index USING fts5(
  words, content='search_entry', content_rowid='id', detail='none', columnsize=0, prefix='{prefix}',
  tokenize="ascii tokenchars '#'"
)
"""


def upgrade() -> None:
    _begin_anew("2 3 4 5 6")


def downgrade() -> None:
    _begin_anew("2 3")


def _begin_anew(prefix: str) -> None:
    if op.get_context().dialect.name == "sqlite":
        op.execute("DROP TABLE search_index")  # first: what is deleted then is not taken out of it one by one
        op.execute("DROP TRIGGER search_entry_delete")
        op.execute("DELETE FROM search_entry")
        op.execute(INDEX.format(prefix=prefix))
        op.execute(
            "CREATE TRIGGER search_entry_delete AFTER DELETE ON search_entry BEGIN"
            " INSERT INTO search_index (search_index, rowid, words) VALUES ('delete', old.id, old.words); END"
        )
    else:
        op.execute("TRUNCATE search_entry")
    backlog = sa.table("search_backlog", sa.column("kind"), sa.column("below_id"))
    op.execute(sa.delete(backlog))
    for kind, name in enumerate(TABLES):
        newest = sa.func.max(sa.column("id"))
        rows = sa.select(sa.literal(kind), newest + 1).select_from(sa.table(name)).having(newest.is_not(None))
        op.execute(sa.insert(backlog).from_select(["kind", "below_id"], rows))
