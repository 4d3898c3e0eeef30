"""Our copy of a file goes: the object, unless another row shows the same one, and then the row."""

import logging
from datetime import datetime, timedelta

from sqlalchemy import delete, select

from pilito.conversations import media_mark
from pilito.database import transaction
from pilito.errors import MediaError
from pilito.lifecycle import MediaState
from pilito.models import MediaFile, db

log = logging.getLogger(__name__)

AGAIN_AFTER = timedelta(minutes=5)
SHOWN = (MediaState.PENDING, MediaState.STORED)


def drop_media(media_id: int, now: datetime) -> None:
    """Drop a copy that was left; a store that does not answer is asked again later.

    Nobody can begin to share the object meanwhile: only the object of a stored copy is shared, and this one is left.
    """
    media = db.session.get(MediaFile, media_id)
    if media is None or media.state is not MediaState.DROPPED or media.due_at > now:
        return
    name = media.key
    is_shared = name is not None and db.session.scalar(
        select(MediaFile.id).where(MediaFile.key == name, MediaFile.state.in_(SHOWN)).limit(1)
    )
    db.session.rollback()
    try:
        if name is not None and not is_shared:
            media_mark.drop([name])
    except MediaError as error:
        if error.reason != media_mark.HELD:  # that is said once, and not of each file
            log.warning("File %s is not dropped yet: %s", media_id, error)
        _try_later(media_id, now)
        return
    with transaction():
        db.session.execute(delete(MediaFile).where(MediaFile.id == media_id, MediaFile.state == MediaState.DROPPED))


def _try_later(media_id: int, now: datetime) -> None:
    with transaction():
        media = db.session.get(MediaFile, media_id)
        if media is not None:
            media.due_at = now + AGAIN_AFTER
