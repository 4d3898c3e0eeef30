"""Whether the database took what this process wrote last: one whose disk is full answers every question, and keeps
nothing new."""

import sqlite3
import time

from sqlalchemy.exc import DBAPIError

# Primary codes of SQLite (https://sqlite.org/rescode.html), and states of PostgreSQL: the disk is full, broken or
# read-only. A lock, a deadlock or a lost line is none of them: the next write may be taken, whoever tries.
OF_SQLITE = {
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_NOTADB,
}
PRIMARY = 0xFF
OF_POSTGRES = {
    "25006",  # read_only_sql_transaction, as after a switch to a server that stands by
    "53100",  # disk_full
    "58030",  # io_error
    "XX001",  # data_corrupted
    "XX002",  # index_corrupted
}

_refused_at: float | None = None


def note(error: BaseException) -> None:
    """Keep when a write was refused, if it was."""
    global _refused_at
    if isinstance(error, DBAPIError) and _is_refusal(error.orig):
        _refused_at = time.monotonic()


def forget() -> None:
    """A write was taken."""
    global _refused_at
    _refused_at = None


def seconds_ago() -> float | None:
    """How long ago the last write was refused; None where it was taken."""
    return None if _refused_at is None else time.monotonic() - _refused_at


def _is_refusal(said: BaseException | None) -> bool:
    code = getattr(said, "sqlite_errorcode", None)
    return (code is not None and code & PRIMARY in OF_SQLITE) or getattr(said, "sqlstate", None) in OF_POSTGRES
