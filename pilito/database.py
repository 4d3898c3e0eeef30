"""How Pilito talks to its database: one kind of write transaction, the same on SQLite and PostgreSQL.

Reading needs nothing: a query opens a read transaction that ends with the request or job. Writing happens inside
`transaction()` only; a flush elsewhere raises. See docs/decisions/0002-one-writer-on-sqlite.md.
"""

import logging
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any, TypeVar

from sqlalchemy import event, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from pilito import failpoints, patience, refusals, writers
from pilito.extensions import db
from pilito.spelling import plain

log = logging.getLogger(__name__)

# Raised while the database is away, or too busy for one more; the same asked again later may go well.
DATABASE_AWAY = (OperationalError, InterfaceError, PoolTimeout)
# Below Meta's 5 s for a webhook, so that a locked database is answered 503 in time and the event is repeated.
LOCK_WAIT_SECONDS = 4.0
LOCK_RETRY_SECONDS = 0.01
BUSY_MILLISECONDS = 100
LOCK_NOT_AVAILABLE = "55P03"  # of PostgreSQL: `lock_timeout` is over
POLL_SECONDS = 0.001
CALLER = 2  # who wrote `with transaction()`, above contextlib
SQLITE_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",  # a row is on the disk before a webhook is answered 200
    "PRAGMA foreign_keys=ON",
    "PRAGMA secure_delete=ON",  # what is erased is written over; Debian's SQLite does so, others do not by themselves
    f"PRAGMA busy_timeout={BUSY_MILLISECONDS}",  # short: longer waits are in `_begin`, where other greenlets run
)


Row = TypeVar("Row")


class NoTurn(PoolTimeout):
    """A write transaction waited in vain for others: whatever it was for is as it was, and not to blame."""


class Transaction:
    """A write transaction; what it must tell others is kept until it is committed."""

    def __init__(self) -> None:
        self._calls: list[tuple[Callable[..., Any], tuple[Any, ...]]] = []

    def after_commit(self, call: Callable[..., Any], *args: Any) -> None:
        """Run `call(*args)` once the rows are safe. It can only be a hint: a failure is logged, never raised."""
        self._calls.append((call, args))

    def tell(self) -> None:
        for call, args in self._calls:
            try:
                call(*args)
            except Exception:  # the rows are committed; the sweep does what this hint would have started
                log.exception("A hint after a commit failed: %s%r", getattr(call, "__name__", call), args)


@contextmanager
def transaction(point: str = "") -> Iterator[Transaction]:
    """Open a write transaction; commit at the end, roll back on an exception, then tell the others.

    `point` names the commit where it is on the way of an event (failpoints.py); any other is known by its verb.
    Raises OperationalError or TimeoutError of sqlalchemy when the database cannot be written in LOCK_WAIT_SECONDS;
    NoTurn, one of the latter, where somebody else held all that time what was to be written: on SQLite, which has one
    writer, all there is, and on PostgreSQL a row or a table.
    """
    point = point or failpoints.verb(CALLER)
    session = db.session()
    if "transaction" in session.info:
        raise RuntimeError("Write transactions do not nest: call the inner verb with the open one.")
    session.rollback()  # ends a read transaction, whose snapshot would be stale
    session.expire_all()  # and what an earlier transaction of this job had loaded
    current = Transaction()
    with _one_writer() if is_sqlite() else nullcontext():
        session.info["transaction"] = current
        try:
            _begin(session)
            yield current
            failpoints.reach(f"{point}_before")
            session.commit()
        except BaseException as error:
            session.rollback()
            refusals.note(error)
            if _is_locked_out(error):
                raise NoTurn(f"Somebody else held it for {LOCK_WAIT_SECONDS:g} s.") from error
            raise
        finally:
            del session.info["transaction"]
    refusals.forget()
    failpoints.reach(f"{point}_after")
    current.tell()


def is_writing() -> bool:
    """Whether a write transaction is open here."""
    return "transaction" in db.session().info


@contextmanager
def _one_writer() -> Iterator[None]:
    with writers.turn_to_write(db.engine.url.database, _wait_seconds()) as is_ours:
        if not is_ours:
            raise NoTurn(f"No turn to write came within {LOCK_WAIT_SECONDS:g} s.")
        yield


def _wait_seconds() -> float:
    """How long the next wait may be: what is left to whoever has said for how long they ask (`patience`), where that is
    less. There are two, one after the other: for the turn in this process, and for SQLite's lock."""
    left = patience.left()
    return LOCK_WAIT_SECONDS if left is None else min(LOCK_WAIT_SECONDS, left)


def is_sqlite() -> bool:
    return db.engine.dialect.name == "sqlite"


def only_row(model: type[Row], **first: Any) -> Row:
    """The row of a table that has one, locked; written with these values by whoever comes first.

    On PostgreSQL two may find none at once: then the second waits for the first's, and goes on with it.
    """
    query = select(model).with_for_update().execution_options(populate_existing=True)
    row = db.session.scalar(query)
    if row is None:
        insert = sqlite_insert if is_sqlite() else postgresql_insert
        db.session.execute(insert(model).values(id=1, **first).on_conflict_do_nothing())
        row = db.session.scalars(query).one()
    return row


def _is_locked_out(error: BaseException) -> bool:
    return isinstance(error, OperationalError) and getattr(error.orig, "sqlstate", "") == LOCK_NOT_AVAILABLE


def _begin(session: Session) -> None:
    """Take SQLite's write lock at once: a read transaction that turns into a writing one fails or loses updates."""
    deadline = time.monotonic() + _wait_seconds()
    while True:
        try:
            session.connection(execution_options={"pilito_writes": True, "pilito_polls": True})
            return
        except OperationalError as error:
            session.rollback()
            if "locked" not in str(error.orig):
                raise
            if time.monotonic() > deadline:
                raise NoTurn(f"Another process has written for {LOCK_WAIT_SECONDS:g} s.") from error
            time.sleep(LOCK_RETRY_SECONDS)


def set_up_engine(engine: Engine) -> None:
    """Give SQLite the durability and the transactions that the promises of Pilito rest on, and each wait for PostgreSQL
    its end."""
    if engine.dialect.name != "sqlite":
        from pilito import postgres  # here, for psycopg costs a process with SQLite memory and time

        postgres.set_up(engine, lambda: LOCK_WAIT_SECONDS)
        return

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves, below
        for pragma in SQLITE_PRAGMAS:
            connection.execute(pragma)
        # Of the search in columns (queries/catalogue.py): SQLite itself has no way to change many letters at once.
        connection.create_function("in_one_spelling", 1, lambda text: plain(text or ""), deterministic=True)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        if not (options.get("pilito_polls") and _try_to_begin(connection.connection.driver_connection)):
            connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("pilito_writes") else "BEGIN")


def _try_to_begin(driver: Any) -> bool:
    """Take the write lock by looking for it again and again; False when it was not to be had, for whatever reason.

    SQLite's own waiting sleeps longer each time, at last a tenth of a second, while the lock comes free and goes again;
    and asleep it stops every greenlet of the process.
    """
    ends_at = time.monotonic() + _wait_seconds()
    driver.execute("PRAGMA busy_timeout=0")
    try:
        while time.monotonic() < ends_at:
            try:
                driver.execute("BEGIN IMMEDIATE")
                return True
            except sqlite3.OperationalError as error:
                if "locked" not in str(error):
                    return False
            time.sleep(POLL_SECONDS)
        return False
    finally:
        driver.execute(f"PRAGMA busy_timeout={BUSY_MILLISECONDS}")


@event.listens_for(Session, "before_flush")
def refuse_stray_writes(session: Session, _context: Any, _instances: Any) -> None:
    if "transaction" not in session.info:
        raise RuntimeError("Rows are written inside `with transaction():` only (pilito/database.py).")
