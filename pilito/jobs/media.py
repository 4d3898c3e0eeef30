"""A file is fetched into our own store, or its copy goes."""

from pilito.clock import utc_now
from pilito.conversations.drop_media import drop_media
from pilito.conversations.fetch_media import fetch_media
from pilito.jobs import patient


@patient
def fetch_media_file(media_id: int) -> None:
    fetch_media(media_id, utc_now)


@patient
def drop_media_file(media_id: int) -> None:
    drop_media(media_id, utc_now())
