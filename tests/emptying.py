"""Empties a database between tests, and has ids begin at 1 again."""

import functools

from pilito.models import db


def empty(connection):
    if connection.dialect.name == "sqlite":
        cursor = connection.connection.cursor()  # without SQLAlchemy, which takes longer for each than SQLite for all
        for name in _tables():
            cursor.execute(f'DELETE FROM "{name}"')
    else:
        # In one journey, and not TRUNCATE, which makes a new file for every table and index: 60 ms a test. Asked for by
        # their tables: a sequence made anew by a migration that was tried twice need not have the usual name.
        statements = [f'DELETE FROM "{name}"' for name in _tables()]
        statements += [f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), 1, false)" for name in _tables()]
        connection.exec_driver_sql("; ".join(statements))


@functools.cache
def _tables():
    return [table.name for table in reversed(db.metadata.sorted_tables)]
