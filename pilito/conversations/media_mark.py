"""Nothing is dropped from a bucket that another Pilito may keep its files in: a mark in it says whose it is.

The mark is an object beside the files. Its owner turns it, every time the store is tidied: a new one is written down,
then put there. Any of the last ones counts as ours, so that a crash between, two schedulers at once and a bucket that
shows yesterday's answer are no mismatch. A copy of the database, however it was made, knows none that were put since:
it drops nothing, and says so, also in the bucket, whose owner then takes nothing there for nobody's. After `flask
restore` a person says whose the files are, for nobody else can know
(docs/decisions/0063-a-bucket-has-a-mark-that-turns.md).
"""

import io
import logging
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import cast

from redis.exceptions import RedisError
from sqlalchemy import select

from pilito import keys
from pilito.database import only_row, transaction
from pilito.errors import MediaError
from pilito.extensions import media_store, redis
from pilito.models import MediaMark, db

log = logging.getLogger(__name__)

NAME = "pilito-mark"  # no name of a file (store.py): no list of files shows it
MARK_BYTES = 32
KEPT = 6  # marks, of an hour
# Who begins with a copy of the database sees by then that the mark turns without them, also where the original is
# stopped for a night's work. Less than a day: before that no copy takes what was kept since for nobody's.
TURNED_BY_THEN = timedelta(hours=12)
CLAIM = "pilito-held"  # says that one who drops nothing from the bucket keeps files there: when, in seconds since 1970
CLAIM_BYTES = 16
CLAIMED_FOR = timedelta(days=3)  # since it was last said; the owner looks through its store in two (tidy_media.py)
HELD = "held"  # why the store drops nothing, of a MediaError


class Hold(StrEnum):
    """Why nothing is dropped from the bucket."""

    RESTORED = "restored"  # by `flask restore`: the backup may be of a Pilito that still works
    OTHER_MARK = "other_mark"  # the bucket has a mark that this database does not know
    UNMARKED = "unmarked"  # nobody has looked at it yet: the next tidying marks it
    GONE = "gone"  # the mark that was chosen for it does not lie there; the next tidying puts one there


def drop(names: Sequence[str]) -> None:
    """Drop these objects, the one way to drop any. Raises MediaError, `held` where the bucket may be another's."""
    if names and media_store.is_shared and find_hold() is not None:
        raise MediaError(HELD, "The bucket may be another Pilito's: see `flask doctor`.", may_pass=True)
    for name in names:
        media_store.drop(name)


def is_held() -> bool:
    """Whether a hold is written down: then there is no use in asking the bucket."""
    return media_store.is_shared and _read()[1] is not None


def find_written() -> tuple[Hold, datetime] | None:
    """The hold that is written down, and since when. The bucket is not asked."""
    row = db.session.scalar(select(MediaMark)) if media_store.is_shared else None
    return (Hold(row.held_why), row.held_at) if row and row.held_why and row.held_at else None


def find_hold() -> Hold | None:
    """Look whether anything forbids to drop files of the bucket now. Raises MediaError where it does not answer."""
    marks, why = _read()
    if why is not None:
        return why
    seen = _look(NAME, MARK_BYTES)
    if seen is None:
        return Hold.GONE if marks else Hold.UNMARKED
    if seen in marks or seen in _read()[0]:  # the latter: turned while we looked
        return None
    return Hold.OTHER_MARK


def keep_mark(now: datetime) -> None:
    """Turn the mark, or hold the bucket where it is not ours. Raises MediaError where the bucket does not answer."""
    if not media_store.is_shared:
        return
    marks, why = _read()
    if why is not None:
        return
    seen = _look(NAME, MARK_BYTES)
    if seen is not None and seen not in marks:
        _hold(marks, now)
    elif seen is None or _is_long_there(seen, now):
        _put(marks[0] if seen in marks[1:] else _choose(KEPT))  # the former: who chose it came to no end


def claim(now: datetime) -> None:
    """Say in a bucket that is held, beside its mark, that we keep files there too; best said often."""
    said = str(int(now.timestamp())).encode()
    try:
        media_store.put(CLAIM, io.BytesIO(said), len(said), "text/plain")
    except MediaError as error:
        log.info("The owner of the bucket does not know that files of ours lie in it too: %s", error)


def is_claimed(now: datetime) -> bool:
    """Whether one that is held keeps files in our bucket: what is nobody's here may be theirs. Raises MediaError."""
    said = _look(CLAIM, CLAIM_BYTES) if media_store.is_shared else None
    if said is None or not said.isdigit():
        return False
    return abs(now.timestamp() - int(said)) < CLAIMED_FOR.total_seconds()


def take() -> None:
    """Say that the bucket is this Pilito's alone: what waits is dropped from now on, and any other holds still.

    Raises MediaError where the bucket does not take the mark; then it stays held.
    """
    if media_store.is_shared:
        _put(_choose(None))  # all: tried in vain often enough, the one that lies there would be forgotten
        media_store.drop(CLAIM)  # ours of the hold; one that is held still says it again
        _end_hold()
        log.info("The bucket is ours, as a person says; files are dropped from it again.")


def hold(why: Hold, now: datetime) -> None:
    """Write down, in the open transaction, that nothing is dropped until somebody says whose the bucket is.

    Our marks may be those of whom this database is a copy of. Whoever takes a bucket begins with none of them: it may
    be another one, while workers that were not restarted still drop from the first.
    """
    row = only_row(MediaMark, marks=[])
    row.held_at, row.held_why, row.marks = now, why.value, []


# --- steps -----------------------------------------------------------------------------------------------------------


def _read() -> tuple[list[str], Hold | None]:
    """Our marks, the newest first, and why nothing is dropped; the session is given back."""
    row = db.session.scalar(select(MediaMark).execution_options(populate_existing=True))
    found = ([], None) if row is None else (row.marks, Hold(row.held_why) if row.held_why else None)
    db.session.rollback()
    return found


def _look(name: str, size_bytes: int) -> str | None:
    try:
        with media_store.open(name, size_bytes) as file:
            return file.read(size_bytes).decode("ascii", "replace")
    except MediaError as error:
        if error.reason != "missing":
            raise
        return None


def _hold(marks: list[str], now: datetime) -> None:
    with transaction():
        if only_row(MediaMark, marks=[]).marks != marks:
            return  # another scheduler turned it while we looked
        hold(Hold.OTHER_MARK, now)
    log.warning(
        "Another Pilito has marked the bucket of files as its own; nothing is dropped from it until somebody says whose"
        " it is: see `flask doctor`."
    )


def _choose(kept: int | None) -> str:
    """Write down a new mark; so many, or all, are known with it."""
    with transaction():
        row = only_row(MediaMark, marks=[])
        row.marks = [secrets.token_hex(MARK_BYTES // 2), *row.marks][:kept]
        return row.marks[0]


def _put(mark: str) -> None:
    media_store.put(NAME, io.BytesIO(mark.encode()), MARK_BYTES, "text/plain")
    _note(mark, 0)


def _end_hold() -> None:
    with transaction():
        row = only_row(MediaMark, marks=[])
        row.held_at = row.held_why = None


def _is_long_there(seen: str, now: datetime) -> bool:
    """Whether we put it there, or it has been the same for so long that nobody else turns it.

    Redis knows, which no copy of a database brings along. Where it was emptied, the mark turns half a day later.
    """
    try:
        known = cast(bytes | None, redis.get(keys.MEDIA_MARK)) or b""
    except RedisError:
        return False
    mark, _, since = known.decode().partition(" ")
    if mark == seen:
        return now.timestamp() - int(since) >= TURNED_BY_THEN.total_seconds()
    _note(seen, int(now.timestamp()))
    return False


def _note(mark: str, since: int) -> None:
    """`since` is in seconds; 0 of a mark that we put there ourselves."""
    try:
        redis.set(keys.MEDIA_MARK, f"{mark} {since}")
    except RedisError as error:
        log.info("Redis does not know that the bucket has our mark (%s): it turns half a day later.", error)
