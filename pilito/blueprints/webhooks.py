"""Where the channels post: verify, store, answer. Reading what came is a worker's business."""

import logging

from flask import Blueprint, Response, abort, request
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from pilito import failpoints
from pilito.channels.base import Channel
from pilito.clock import utc_now
from pilito.conversations.record import record
from pilito.extensions import channels

log = logging.getLogger(__name__)
bp = Blueprint("webhooks", __name__, url_prefix="/webhooks")


@bp.get("/<channel_name>")
def shake_hands(channel_name: str) -> Response:
    """Answer the provider's question whether this address is ours."""
    challenge = _get_channel(channel_name).handshake(request.args)
    if challenge is None:
        abort(403)
    return Response(challenge, mimetype="text/plain")


@bp.post("/<channel_name>")
def take_event(channel_name: str) -> Response:
    """Store a signed body, then say so; never a 200 for what is not on the disk."""
    channel = _get_channel(channel_name)
    body = request.get_data(cache=False)
    if request.content_length is None and len(body) == request.max_content_length:
        abort(413)  # of no length, it was cut there, and Werkzeug says so only to whoever reads on
    with failpoints.around("p1"):
        if not channel.verify(body, dict(request.headers)):
            abort(401)
    try:
        record(channel.name, body, utc_now())
    except (DBAPIError, PoolTimeout) as error:
        log.error("The database did not take a webhook: %s", getattr(error, "orig", error))
        return Response("TRY_AGAIN", status=503, mimetype="text/plain", headers={"Retry-After": "5"})
    return Response("EVENT_RECEIVED", mimetype="text/plain")


def _get_channel(name: str) -> Channel:
    channel: Channel | None = channels.get(name)
    if channel is None:
        abort(404)
    return channel
