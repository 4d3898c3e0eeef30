"""FTS5 gets its words from us: a trigger on each insert made a segment of its index for each row."""

from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None
CONTRACT = "0.1: no version with these triggers was ever released; the words are written beside the row"

INTO = "INSERT INTO search_index (rowid, words) VALUES (new.id, new.words);"
OUT = "INSERT INTO search_index (search_index, rowid, words) VALUES ('delete', old.id, old.words);"


def upgrade() -> None:
    if op.get_context().dialect.name == "sqlite":
        op.execute("DROP TRIGGER search_entry_insert")
        op.execute("DROP TRIGGER search_entry_update")


def downgrade() -> None:
    if op.get_context().dialect.name == "sqlite":
        op.execute(f"CREATE TRIGGER search_entry_insert AFTER INSERT ON search_entry BEGIN {INTO} END")
        op.execute(f"CREATE TRIGGER search_entry_update AFTER UPDATE ON search_entry BEGIN {OUT} {INTO} END")
