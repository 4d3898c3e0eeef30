"""What was erased leaves the files of the database too.

SQLite writes over the rows that go (`secure_delete`), but FTS5 only notes that a word is gone: it stands in an old
segment of the index until that is merged, and in the log of changes until that is written back. So after an erasing
everything is merged, a little at a time, and the log is cut off. PostgreSQL keeps no words of its own in its index, and
its dead rows go with autovacuum.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import cast

from redis.exceptions import RedisError
from sqlalchemy import select, text, update
from sqlalchemy.engine import Connection

from pilito import hints, keys
from pilito.database import is_sqlite, only_row, transaction
from pilito.extensions import redis
from pilito.models import Shop, db

PAGES = 500  # of 4 KiB, in one transaction: others write in between
REST_SECONDS = 0.02
MERGE = text("INSERT INTO search_index (search_index, rank) VALUES ('merge', :pages)")
# FTS5 says whether there was anything to do by the number of rows that it wrote (https://sqlite.org/fts5.html, 6.8).
NOTHING = 2


def mark_erased(now: datetime) -> None:
    """Have the words of what this transaction erases leave the files."""
    if not is_sqlite():
        return
    only_row(Shop).words_erased_at = now


def wake_wiping() -> None:
    """Have a worker do it where it is due."""
    if _marked_at() is not None and not hints.is_busy(keys.UPKEEP):
        hints.hint(keys.UPKEEP, keys.WIPE_JOB)


def wipe(seconds: float, now: Callable[[], float] = time.monotonic) -> bool:
    """Merge for as long as this; tell whether nothing erased is left. Harmless to run at any time, and to break off."""
    marked_at, until = _marked_at(), now() + seconds
    if marked_at is None:
        return True
    # No more than there is now: what others write meanwhile is new, and would be merged for ever.
    steps = _size_pages() // PAGES + 2
    pages = PAGES if _is_begun(marked_at) else -PAGES  # a negative number begins anew, with everything there is
    while _merge(pages) and steps:
        _remember(marked_at)
        if now() >= until:
            return False
        pages, steps = PAGES, steps - 1
        time.sleep(REST_SECONDS)
    if not _cut_off_log():
        return False  # somebody reads in it just now
    with transaction():
        db.session.execute(update(Shop).where(Shop.words_erased_at == marked_at).values(words_erased_at=None))
    return True


def _marked_at() -> datetime | None:
    marked_at = db.session.scalar(select(Shop.words_erased_at).limit(1))
    db.session.rollback()
    return marked_at


def _is_begun(marked_at: datetime) -> bool:
    """Whether a run before this one began for the same mark; without Redis all begins anew."""
    try:
        return cast(bytes | None, redis.get(keys.WIPING)) == marked_at.isoformat().encode()
    except RedisError:
        return False


def _remember(marked_at: datetime) -> None:
    with suppress(RedisError):
        redis.set(keys.WIPING, marked_at.isoformat(), ex=keys.WIPING_SECONDS)


def _size_pages() -> int:
    size = db.session.scalar(text("SELECT count(*) FROM search_index_data"))
    db.session.rollback()
    return int(size or 0)


def _merge(pages: int) -> bool:
    """Merge so much; tell whether there is more."""
    with transaction():
        connection = db.session.connection()
        before = _changes(connection)
        connection.execute(MERGE, {"pages": pages})
        return _changes(connection) - before >= NOTHING


def _changes(connection: Connection) -> int:
    return int(connection.exec_driver_sql("SELECT total_changes()").scalar() or 0)


def _cut_off_log() -> bool:
    """Write the log of changes back into the database, and empty its file."""
    connection = db.engine.raw_connection()
    try:
        is_busy, _, _ = connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        connection.close()
    return not is_busy
