"""Deletions that match no account, posts that are gone, comments that are fetched; indexes for erasing."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

STATES = ("requested", "done")
CHECK = ("data_deletion", "state", "deletionstate")
INDEXES = (("ix_delivery_conversation_id", "delivery"), ("ix_turn_conversation_id", "turn"))


def upgrade() -> None:
    change_check(*CHECK, STATES, ("unmatched", *STATES))
    op.add_column("own_post", sa.Column("gone_at", sa.DateTime(timezone=True)))
    op.add_column("upkeep", sa.Column("comments_at", sa.DateTime(timezone=True)))
    for name, table in INDEXES:
        op.create_index(name, table, ["conversation_id"])


def downgrade() -> None:
    for name, table in INDEXES:
        op.drop_index(name, table)
    op.drop_column("upkeep", "comments_at")
    op.drop_column("own_post", "gone_at")
    op.execute("UPDATE data_deletion SET state = 'requested' WHERE state = 'unmatched'")
    change_check(*CHECK, ("unmatched", *STATES), STATES)


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
