"""Lines to PostgreSQL on which nobody waits without end: for a lock, for an answer, for a host that is gone.

Three silences. Of a lock that somebody holds the server itself tells (`lock_timeout`), as of a statement that takes a
web process too long (`statement_timeout`). A server that is frozen keeps no time-out, so its answer is waited for only
so long (`Line`). A host that is gone, its packets dropped, is given up by the kernel (`LINE`).
See docs/decisions/0056-nobody-waits-for-postgresql-without-end.md.
"""

import time
from collections.abc import Callable
from typing import Any

import psycopg
from psycopg.abc import RV, PQGen
from sqlalchemy import event
from sqlalchemy.engine import Engine

from pilito import patience

# What DATABASE_URL says of the same wins. On a Unix socket only the first counts.
LINE = {
    "connect_timeout": 3,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,  # milliseconds that what was sent may be without a word that it arrived
}
# Of `SELECT 1`, before a connection of the pool is used; together with connect_timeout less than a provider waits.
PING_SECONDS = 1.5
# Longer than anybody looks at an empty page. Workers and commands have no such limit: they fill, tidy and export.
STATEMENT_SECONDS = 30.0
GRACE_SECONDS = 5.0  # for the server to say so itself
CHECK_SECONDS = 0.1

# Where nobody has said anything else: in the address, or on the server for the role or the database. A statement, for
# `options` of the address would take the place of the user's own, and PgBouncer refuses it.
PREPARE = "SELECT set_config(%(name)s, %(value)s, false) WHERE current_setting(%(name)s) = '0'"


def set_up(engine: Engine, lock_wait_seconds: Callable[[], float]) -> None:
    """Have every connection of the engine made so."""

    @event.listens_for(engine, "do_connect")
    def connect(_dialect: Any, _record: Any, args: list[Any], parameters: dict[str, Any]) -> "Line":
        if patience.left() == 0:
            raise psycopg.OperationalError("No time is left to open a line to PostgreSQL.")
        return Line.connect(*args, **{**LINE, **parameters})

    @event.listens_for(engine, "connect")
    def prepare(line: Line, _record: Any) -> None:
        limits = {"lock_timeout": lock_wait_seconds()}
        if patience.is_in_a_hurry():
            limits["statement_timeout"] = STATEMENT_SECONDS
        line.autocommit = True  # a rollback would take the settings back
        for name, seconds in limits.items():
            line.execute(PREPARE, {"name": name, "value": f"{seconds * 1000:.0f}"})
        line.autocommit = False

    @event.listens_for(engine, "checkout")
    def take(line: Line, _record: Any, _proxy: Any) -> None:
        line.is_at_rest = False

    @event.listens_for(engine, "checkin")
    def put_back(line: Line | None, _record: Any) -> None:
        if line is not None:  # else it was given up
            line.is_at_rest = True


class Line(psycopg.Connection[Any]):
    """A connection that is closed when the server is silent for longer than anybody waits."""

    is_at_rest = True  # in the pool, or on its way out of it: all it is asked then is quickly said

    def wait(self, gen: PQGen[RV], interval: float = CHECK_SECONDS, timeout: float | None = None) -> RV:
        limit = self._limit(timeout)
        began_at = time.monotonic()
        try:
            return super().wait(gen, interval, limit)
        except psycopg.OperationalError as error:
            if limit is None or time.monotonic() - began_at < limit:
                raise
            self.close()  # nobody knows what it is at
            raise psycopg.OperationalError(f"PostgreSQL was silent for {limit:.1f} s.") from error

    def _limit(self, asked: float | None) -> float | None:
        limits = [asked, patience.left()]
        if self.is_at_rest:
            limits.append(PING_SECONDS)
        elif patience.is_in_a_hurry():
            limits.append(STATEMENT_SECONDS + GRACE_SECONDS)
        return min((one for one in limits if one is not None), default=None)
