"""The files that we send, for the provider who fetches them: by a signed address that ends after an hour."""

from flask import Blueprint, abort
from flask.typing import ResponseReturnValue

from pilito.blueprints.media import serve
from pilito.clock import utc_now
from pilito.conversations.public_file import PATH, find_public

bp = Blueprint("sent_files", __name__)


@bp.get(f"{PATH}/<token>/<name>")
def show(token: str, name: str) -> ResponseReturnValue:  # noqa: ARG001  (its ending tells providers the format)
    media = find_public(token, utc_now())
    return serve(media) if media is not None else abort(404)
