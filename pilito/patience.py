"""How long this process waits for its database: somebody looks at a web process, and nobody at a worker.

Apart from `postgres.py`, which needs psycopg: a process with SQLite never loads that.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_ends_at: ContextVar[float | None] = ContextVar("pilito_patience_ends_at", default=None)
_is_in_a_hurry = False


def hurry() -> None:
    """From now on let no statement of this process last for long: somebody waits for each."""
    global _is_in_a_hurry
    _is_in_a_hurry = True


def is_in_a_hurry() -> bool:
    return _is_in_a_hurry


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Give a silent PostgreSQL up when so much time is over, whatever it is at."""
    token = _ends_at.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _ends_at.reset(token)


def left() -> float | None:
    """Seconds until then; None where nothing was said."""
    ends_at = _ends_at.get()
    return None if ends_at is None else max(0.0, ends_at - time.monotonic())
