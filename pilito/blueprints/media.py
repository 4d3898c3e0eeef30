"""Our copies of files, for whoever is logged in: by the type we found in the bytes, and nothing in them can run."""

from typing import Any

from flask import Blueprint, abort, request
from flask.typing import ResponseReturnValue
from flask_login import current_user
from werkzeug.wrappers import Response
from werkzeug.wsgi import wrap_file

from pilito.blueprints.auth import ask_for_second_step, ask_to_log_in
from pilito.errors import MediaError
from pilito.extensions import db, media_store
from pilito.lifecycle import MediaState
from pilito.media.look import SHOWN_TYPES
from pilito.models import MediaFile

bp = Blueprint("media", __name__)

# A file that is opened by itself stands in a sandbox of its own: no script, no form, nothing from elsewhere.
POLICY = (
    "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox"
)
CHUNK_BYTES = 64 * 1024


@bp.before_request
def require_login() -> ResponseReturnValue | None:
    return ask_for_second_step() if current_user.is_authenticated else ask_to_log_in()


@bp.get("/media/<int:media_id>")
def show(media_id: int) -> ResponseReturnValue:
    media = db.session.get(MediaFile, media_id)
    if media is None or media.state is not MediaState.STORED:
        abort(404)
    return serve(media)


def serve(media: MediaFile) -> ResponseReturnValue:
    """The file, whole or the part that a player asks for."""
    if media.key is None or media.size_bytes is None:
        abort(404)
    response = Response(mimetype=media.mime_type)
    response.set_etag(media.sha256 or "")
    # Asked for again each time: who has logged out sees nothing, and what was taken back is gone.
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Content-Security-Policy"] = _policy(media)
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    response.headers.set("Content-Disposition", _disposition(media), filename=_name(media))
    return _filled(response, media.key, media.size_bytes)


def _filled(response: Response, key: str, size_bytes: int) -> Response:
    db.session.rollback()  # the store may be on the network
    if request.if_none_match.contains(response.get_etag()[0] or ""):
        return response.make_conditional(request)
    try:
        file: Any = media_store.open(key, size_bytes)
    except MediaError as error:
        abort(404 if error.reason == "missing" else 503)
    response.response = wrap_file(request.environ, file, CHUNK_BYTES)
    response.direct_passthrough = True
    response.content_length = size_bytes
    response.call_on_close(file.close)
    return response.make_conditional(request, accept_ranges=True, complete_length=size_bytes)


def _policy(media: MediaFile) -> str:
    """A film that is opened by itself asks for itself again, for which the sandbox must let it be of our origin."""
    is_played = (media.mime_type or "").startswith(("video/", "audio/"))
    return f"{POLICY} allow-same-origin" if is_played else POLICY


def _disposition(media: MediaFile) -> str:
    return "inline" if media.mime_type in SHOWN_TYPES else "attachment"


def _name(media: MediaFile) -> str:
    """A name of our own: what strangers call their files is shown, but never written to a disk."""
    ending = {"application/octet-stream": "bin", "audio/mpeg": "mp3", "video/quicktime": "mov"}.get(
        media.mime_type or "", (media.mime_type or "").rpartition("/")[2]
    )
    return f"{media.kind}-{media.id}.{ending}"
