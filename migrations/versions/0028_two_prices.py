"""One more reason to hand over: the post and the catalogue name different prices."""

from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

BEFORE = (
    "asked_for_person",
    "not_known",
    "media",
    "unreadable",
    "model_failed",
    "reply_unusable",
    "too_old",
    "delivery_failed",
    "delivery_unknown",
    "complaint",
    "refund",
    "health",
    "law",
    "repeated_misunderstanding",
    "outside_hours",
    "stopped",
    "budget_used",
)
AFTER = (*BEFORE, "prices_differ")


def upgrade() -> None:
    _change(BEFORE, AFTER)


def downgrade() -> None:
    op.execute("UPDATE conversation SET hand_over_reason = 'not_known' WHERE hand_over_reason = 'prices_differ'")
    _change(AFTER, BEFORE)


def _change(old: tuple[str, ...], new: tuple[str, ...]) -> None:
    """As in 0008: SQLite cannot change a check, and its documentation gives this way for one that touches no row."""
    before, after = (f"hand_over_reason IN ({', '.join(map(repr, values))})" for values in (old, new))
    name = op.f("ck_conversation_handoverreason")
    connection = op.get_bind()
    if connection.dialect.name != "sqlite":
        op.drop_constraint(name, "conversation", type_="check")
        op.create_check_constraint(name, "conversation", after)
        return
    version = connection.exec_driver_sql("PRAGMA schema_version").scalar_one()
    connection.exec_driver_sql("PRAGMA writable_schema=ON")
    changed = connection.exec_driver_sql(
        "UPDATE sqlite_schema SET sql = replace(sql, ?, ?) WHERE type = 'table' AND name = ? AND instr(sql, ?)",
        (before, after, "conversation", before),
    )
    connection.exec_driver_sql(f"PRAGMA schema_version={version + 1}")
    connection.exec_driver_sql("PRAGMA writable_schema=RESET")
    if changed.rowcount != 1:
        raise RuntimeError("The check of hand_over_reason is not what it was made as.")
