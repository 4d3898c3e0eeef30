"""A file is fetched into our own store, or its copy goes; a voice note is written down, a picture described."""

from flask import current_app

from pilito.clock import utc_now
from pilito.conversations.drop_media import drop_media
from pilito.conversations.fetch_media import fetch_media
from pilito.conversations.read_media import Reader, read_media
from pilito.jobs import patient


@patient
def fetch_media_file(media_id: int) -> None:
    fetch_media(media_id, utc_now)


@patient
def drop_media_file(media_id: int) -> None:
    drop_media(media_id, utc_now())


@patient
def read_file(reading_id: int) -> None:
    read_media(reading_id, get_reader(), utc_now)


def get_reader() -> Reader:
    """Made for each file: it is cheap, and its connections belong to the process."""
    from pilito.assistant.reader import OpenAIReader

    return OpenAIReader(current_app.extensions["pilito_settings"])
