"""The assistant's modes: drafts, a mode of one conversation, and more reasons to hand over."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

MODES = ("off", "auto")
REASONS = (
    "asked_for_person",
    "not_known",
    "media",
    "unreadable",
    "model_failed",
    "reply_unusable",
    "too_old",
    "delivery_failed",
    "delivery_unknown",
)
TURNS = ("open", "generating", "answered", "handed_over", "dropped")
NEW_REASONS = (
    "complaint",
    "refund",
    "health",
    "law",
    "repeated_misunderstanding",
    "outside_hours",
    "stopped",
    "budget_used",
)
# Table, column, name of the check; the values before and after.
CHECKS = (
    ("inbox", "assistant_mode", "assistantmode", MODES, (*MODES, "draft")),
    ("conversation", "hand_over_reason", "handoverreason", REASONS, (*REASONS, *NEW_REASONS)),
    ("turn", "state", "turnstate", TURNS, (*TURNS, "drafted")),
)


def upgrade() -> None:
    for table, column, name, old, new in CHECKS:
        change_check(table, column, name, old, new)
    # The check stands in the column, so that SQLite adds it without making the table anew.
    op.execute(
        "ALTER TABLE conversation ADD COLUMN assistant_mode VARCHAR(32)"
        " CONSTRAINT ck_conversation_assistantmode CHECK (assistant_mode IN ('off', 'draft', 'auto'))"
    )


def downgrade() -> None:
    op.execute("UPDATE inbox SET assistant_mode = 'off' WHERE assistant_mode = 'draft'")
    op.execute(f"UPDATE conversation SET hand_over_reason = 'not_known' WHERE hand_over_reason IN ({_list(NEW_REASONS)})")
    op.execute("UPDATE turn SET state = 'dropped' WHERE state = 'drafted'")
    op.execute("ALTER TABLE conversation DROP COLUMN assistant_mode")
    for table, column, name, old, new in CHECKS:
        change_check(table, column, name, new, old)


def change_check(table: str, column: str, name: str, old: tuple[str, ...], new: tuple[str, ...]) -> None:
    """Let a column hold other values.

    SQLite cannot change a check. To make the table anew would take every row of a table that others point to, with
    foreign keys switched off; its own documentation gives this way for a change that touches no stored row
    (lang_altertable.html, "Making Other Kinds Of Table Schema Changes").
    """
    if op.get_bind().dialect.name != "sqlite":
        op.drop_constraint(op.f(f"ck_{table}_{name}"), table, type_="check")
        op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, f"{column} IN ({_list(new)})")
        return
    connection = op.get_bind()
    version = connection.exec_driver_sql("PRAGMA schema_version").scalar_one()
    before, after = (f"{column} IN ({_list(values)})" for values in (old, new))
    connection.exec_driver_sql("PRAGMA writable_schema=ON")
    changed = connection.exec_driver_sql(
        "UPDATE sqlite_schema SET sql = replace(sql, ?, ?) WHERE type = 'table' AND name = ? AND instr(sql, ?)",
        (before, after, table, before),
    )
    connection.exec_driver_sql(f"PRAGMA schema_version={version + 1}")
    connection.exec_driver_sql("PRAGMA writable_schema=RESET")
    if changed.rowcount != 1:
        raise RuntimeError(f"The check {name} of {table} is not what it was made as.")


def _list(values: tuple[str, ...]) -> str:
    return ", ".join(f"'{value}'" for value in values)
