"""Writes rows by the ten thousand: COPY on PostgreSQL, one prepared statement on SQLite; no foreign key is checked."""

import sqlite3
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

from sqlalchemy import Table, func, select

from pilito.extensions import db

CHUNK = 20_000
Values = tuple[Any, ...]


class Bulk:
    """A context for one run; rows are tuples in the order of the columns named when the table was opened.

    Foreign keys are not checked while it runs: rows may come in any order. A test looks at them all afterwards.
    """

    def __init__(self, columns: dict[Table, str]) -> None:
        self._columns = {table: names.split() for table, names in columns.items()}
        self._waiting: dict[Table, list[Values]] = defaultdict(list)

    def __enter__(self) -> "Bulk":
        self._raw = db.engine.raw_connection()
        self._is_sqlite = db.engine.dialect.name == "sqlite"
        self._cursor = self._raw.cursor()
        self._next = {table: self._first_free(table) for table in self._columns}
        if self._is_sqlite:
            sqlite3.register_adapter(datetime, _as_sqlite_keeps_it)
            for pragma in ("foreign_keys=OFF", "synchronous=OFF", "cache_size=-400000", "temp_store=MEMORY"):
                self._cursor.execute(f"PRAGMA {pragma}")
            self._cursor.execute("BEGIN")
        else:
            self._cursor.execute("SET session_replication_role = replica")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._finish()
        else:
            self._raw.rollback()
        self._raw.invalidate()  # its settings are no good for anybody else

    def next_id(self, table: Table) -> int:
        self._next[table] += 1
        return self._next[table] - 1

    def add(self, table: Table, values: Values) -> None:
        waiting = self._waiting[table]
        waiting.append(values)
        if len(waiting) >= CHUNK:
            self._write(table)

    def _first_free(self, table: Table) -> int:
        with db.engine.connect() as connection:
            return (connection.scalar(select(func.max(table.c.id))) or 0) + 1

    def _write(self, table: Table) -> None:
        names, rows = self._columns[table], self._waiting.pop(table, [])
        listed = ", ".join(f'"{name}"' for name in names)
        if self._is_sqlite:
            marks = ", ".join("?" * len(names))
            self._cursor.executemany(f'INSERT INTO "{table.name}" ({listed}) VALUES ({marks})', rows)  # noqa: S608
            self._cursor.execute("COMMIT")  # or the write-ahead log grows as large as the shop
            self._cursor.execute("BEGIN")
        else:
            self._copy(f'COPY "{table.name}" ({listed}) FROM STDIN', rows)

    def _copy(self, statement: str, rows: Iterable[Values]) -> None:
        with self._cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)

    def _finish(self) -> None:
        for table in list(self._waiting):
            self._write(table)
        if self._is_sqlite:
            self._cursor.execute("COMMIT")
            self._cursor.execute("ANALYZE")
            self._cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            return
        for table in self._columns:
            self._cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), {self._next[table]})")
        self._raw.commit()
        self._raw.driver_connection.autocommit = True  # type: ignore[union-attr]
        self._cursor.execute("VACUUM ANALYZE")


def _as_sqlite_keeps_it(when: datetime) -> str:
    return when.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
