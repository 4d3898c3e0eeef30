"""What many tests begin with, made once by the product, and put back as it was for each further one."""

import copy

from emptying import empty

from pilito.models import db

LOCKS = {"lock"}  # of a fake: nothing that is kept
INTO_FTS5 = "INSERT INTO search_index (rowid, words) SELECT id, words FROM search_entry"
COUNTED = (
    "SELECT seqrelid::bigint, pg_sequence_last_value(seqrelid) FROM pg_sequence"
    " WHERE pg_sequence_last_value(seqrelid) IS NOT NULL"
)
COUNT_ON = "SELECT setval({sequence}::oid::regclass, {last})"


class Kept:
    """Every row, every key of Redis, and what the fakes know, as they are now."""

    def __init__(self, redis, fakes):
        db.session.remove()
        with db.engine.connect() as connection:
            self._rows, self._counts = _keep_rows(connection), _keep_counts(connection)
        self._keys = [(key, max(redis.pttl(key), 0), redis.dump(key)) for key in redis.scan_iter()]
        self._fakes = [_keep_fake(fake) for fake in fakes]

    def put_back(self, redis, fakes):
        """Instead of what is there now."""
        db.session.remove()
        with db.engine.begin() as connection:
            empty(connection)
            _put_rows_back(connection, self._rows)
            _count_on(connection, self._counts)
        redis.flushall()
        for key, milliseconds, dumped in self._keys:
            redis.restore(key, milliseconds, dumped)
        for fake, known in zip(fakes, self._fakes, strict=True):
            vars(fake).update(copy.deepcopy(known))


def _keep_fake(fake):
    return copy.deepcopy({name: value for name, value in vars(fake).items() if name not in LOCKS})


def _keep_rows(connection):
    """What is in each table that is not empty, as the driver reads and writes it: bytes that PostgreSQL copies, SQLite's
    own values."""
    copy_out = _copied_by_sqlite if connection.dialect.name == "sqlite" else _copied_by_postgres
    cursor = connection.connection.cursor()
    copied = {table.name: copy_out(cursor, table.name) for table in db.metadata.sorted_tables}
    return {name: rows for name, rows in copied.items() if rows}


def _copied_by_sqlite(cursor, name):
    return cursor.execute(f'SELECT * FROM "{name}"').fetchall()


def _copied_by_postgres(cursor, name):
    with cursor.copy(f'COPY "{name}" TO STDOUT') as lines:
        return b"".join(map(bytes, lines))


def _put_rows_back(connection, kept):
    cursor = connection.connection.cursor()
    if connection.dialect.name == "sqlite":
        cursor.execute("PRAGMA defer_foreign_keys=ON")  # a row may point at one behind it
        for name, rows in kept.items():
            cursor.executemany(f'INSERT INTO "{name}" VALUES ({", ".join("?" * len(rows[0]))})', rows)
        cursor.execute(INTO_FTS5)
    else:
        for name, rows in kept.items():
            with cursor.copy(f'COPY "{name}" FROM STDIN') as lines:
                lines.write(rows)


def _keep_counts(connection):
    """How far ids are counted. SQLite counts on from the last row."""
    return [] if connection.dialect.name == "sqlite" else connection.exec_driver_sql(COUNTED).all()


def _count_on(connection, counted):
    for sequence, last in counted:
        connection.exec_driver_sql(COUNT_ON.format(sequence=sequence, last=last))
