"""The address at which a provider fetches a file that we send: open to whoever has it, and for an hour only."""

import hashlib
from datetime import datetime, timedelta

from flask import current_app
from itsdangerous import BadSignature, Signer

from pilito.extensions import settings
from pilito.lifecycle import MediaState
from pilito.models import MediaFile, db

OPEN_FOR = timedelta(hours=1)  # providers fetch within seconds; films and slow servers take longer
PATH = "/sent"
SALT = "pilito-sent-file"
# A provider tells a format by the ending too.
ENDINGS = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "audio/mp4": "m4a",
    "audio/wav": "wav",
    "audio/aac": "aac",
    "video/mp4": "mp4",
    "video/webm": "webm",
    "video/quicktime": "mov",
    "application/pdf": "pdf",
}


def public_address(media_id: int, now: datetime) -> str:
    """Return an address of this file for the next hour; nobody can make one for another file or a later time."""
    media = db.session.get(MediaFile, media_id)
    ending = ENDINGS.get((media.mime_type if media else None) or "", "bin")
    until = int((now + OPEN_FOR).timestamp())
    return f"{settings.public_url}{PATH}/{_signer().sign(f'{media_id}.{until}').decode()}/file.{ending}"


def find_public(token: str, now: datetime) -> MediaFile | None:
    """Return the file of such an address; None where it was not ours, is over, or the file is gone."""
    try:
        media_id, until = _signer().unsign(token).decode("ascii").split(".")
    except (BadSignature, ValueError):
        return None
    if now.timestamp() >= int(until):
        return None
    media = db.session.get(MediaFile, int(media_id))
    return media if media is not None and media.state is MediaState.STORED else None


def _signer() -> Signer:
    # The last one signs; what an older one signed still counts.
    secrets = [*current_app.config["SECRET_KEY_FALLBACKS"][::-1], current_app.config["SECRET_KEY"]]
    return Signer(secrets, SALT, digest_method=hashlib.sha256, key_derivation="hmac")
