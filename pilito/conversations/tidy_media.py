"""Remove what a crash left in the store: objects that no row points to, and uploads that nobody sent.

A row is written before its object (fetch_media.py, upload.py), so an object without a row is left over. Never one
younger than a day: a restored database may be behind its store for a while, and somebody must be able to notice. And
none from a bucket in which another Pilito keeps files too (media_mark.py).
"""

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice

from sqlalchemy import exists, select

from pilito.conversations import media_mark
from pilito.conversations.copies import leave_copies
from pilito.conversations.upload import SOURCE
from pilito.database import transaction
from pilito.errors import MediaError
from pilito.extensions import media_store
from pilito.lifecycle import MediaState
from pilito.models import Attachment, MediaFile, db

log = logging.getLogger(__name__)

EVERY = timedelta(minutes=10)
YOUNGEST = timedelta(days=1)
PARTS = 256  # of the store, by the first two letters of a name: one at a time, all of them in two days
BATCH = 500  # objects that are looked up at once, or dropped in one run


def tidy(now: datetime) -> int:
    """Look through one part of the store, and at old uploads; return how many files were let go."""
    part = int(now.timestamp() // EVERY.total_seconds()) % PARTS
    return _drop_uploads(now) + _drop_strangers(f"{part:02x}", now)


def _drop_uploads(now: datetime) -> int:
    """Files that somebody attached and did not send."""
    with transaction() as tx:
        left = db.session.scalars(
            select(MediaFile.id)
            .where(
                MediaFile.source_url.startswith(SOURCE, autoescape=True),
                MediaFile.created_at < now - YOUNGEST,
                MediaFile.state != MediaState.DROPPED,
                ~exists().where(Attachment.copy_id == MediaFile.id),
            )
            .order_by(MediaFile.id)
            .limit(BATCH)
        ).all()
        leave_copies(tx, left, now)
    return len(left)


def _drop_strangers(part: str, now: datetime) -> int:
    try:
        media_mark.keep_mark(now)
        if media_mark.is_held():
            media_mark.claim(now)
            return 0
        if media_mark.is_claimed(now):
            return 0
        strangers = list(islice(_strangers_of(media_store.names(part, now - YOUNGEST)), BATCH))
        media_mark.drop(strangers)
    except MediaError as error:
        log.warning("The media store was not tidied: %s", error)
        return 0
    if strangers:
        log.info("%s files of the media store belonged to nobody and were dropped.", len(strangers))
    return len(strangers)


def _strangers_of(names: list[str]) -> Iterator[str]:
    """Those without a row; all are looked up, for in a large store the first ones are the same every time."""
    for start in range(0, len(names), BATCH):
        some = names[start : start + BATCH]
        known = set(db.session.scalars(select(MediaFile.key).where(MediaFile.key.in_(some))))
        db.session.rollback()
        yield from (name for name in some if name not in known)
