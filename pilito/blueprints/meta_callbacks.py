"""What Meta posts about a person who leaves us: each request is signed, and anything else is refused with 400."""

import re
from typing import Any

from flask import Blueprint, abort, jsonify, render_template, request, url_for
from flask.typing import ResponseReturnValue

from pilito.channels.base import Callback
from pilito.clock import utc_now
from pilito.conversations.data_deletion import find_deletion, request_deletion
from pilito.conversations.disconnect import deauthorize
from pilito.extensions import channels, settings

bp = Blueprint("meta_callbacks", __name__, url_prefix="/meta")

CHANNEL = "instagram"  # Meta's own addresses, for its one channel
CODE = re.compile(r"[0-9a-f]{24}")


@bp.post("/deauthorize")
def take_leave() -> ResponseReturnValue:
    """The account took our permission back: it is stopped, and its token forgotten."""
    asked = _read()
    deauthorize(CHANNEL, asked.user_id, asked.issued_at, utc_now())
    return jsonify(deauthorized=True)


@bp.post("/data-deletion")
def take_deletion() -> ResponseReturnValue:
    """The account wants its data deleted; Meta shows its owner the address that we answer with."""
    asked = _read()
    code = request_deletion(CHANNEL, asked.user_id, asked.issued_at, utc_now())
    address = settings.public_url + url_for("meta_callbacks.show_deletion", code=code)
    return jsonify(url=address, confirmation_code=code)


@bp.get("/data-deletion/<code>")
def show_deletion(code: str) -> ResponseReturnValue:
    """How far a deletion is: its state and its times, nothing of whom it is about."""
    deletion = find_deletion(code) if CODE.fullmatch(code) else None
    if deletion is None:
        abort(404)
    page = render_template("deletion.html", deletion=deletion)
    return page, {"Cache-Control": "no-store"}


def _read() -> Callback:
    """Read the signed request, or refuse: nothing is done for what Meta did not sign."""
    channel: Any = channels[CHANNEL]
    asked: Callback | None = channel.connector.read_callback(request.form.get("signed_request", ""), utc_now())
    if asked is None:
        abort(400)
    return asked
