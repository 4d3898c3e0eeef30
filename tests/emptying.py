"""Empties a database between tests, and has ids begin at 1 again."""

import functools

from pilito.models import db


def empty(connection):
    if connection.dialect.name == "sqlite":
        cursor = connection.connection.cursor()  # without SQLAlchemy, which takes longer for each than SQLite for all
        for name in _tables():
            cursor.execute(f'DELETE FROM "{name}"')
        cursor.execute("DELETE FROM sqlite_sequence")
    else:
        # Not TRUNCATE, which makes a new file for every table and index: 60 ms a test. And only what is not empty: to
        # look is one statement, which the server has planned already.
        filled = set(connection.exec_driver_sql(_look()).scalars())
        deleting = [f'DELETE FROM "{name}"' for name in _tables() if name in filled]
        if deleting:
            connection.exec_driver_sql("; ".join(deleting))
        connection.exec_driver_sql(BEGIN_AGAIN)


# Of whatever was counted on, not by names: a sequence made anew by a migration that was tried twice need not have the
# usual one.
BEGIN_AGAIN = (
    "SELECT setval(seqrelid, seqstart, false) FROM pg_sequence WHERE pg_sequence_last_value(seqrelid) IS NOT NULL"
)


@functools.cache
def _look():
    return " UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT FROM \"{name}\")" for name in _tables())


@functools.cache
def _tables():
    return [table.name for table in reversed(db.metadata.sorted_tables)]
