"""The REST API: bearer tokens, JSON.

A browser's cookies count for nothing here, so there is no request to forge and no CSRF token to ask for.
"""

from typing import Any

from flask import Blueprint, Response, request
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Forbidden, Unauthorized

from pilito.blueprints import rates
from pilito.blueprints.api import errors, inputs, reply_inputs, shapes
from pilito.blueprints.api.openapi import DOCUMENT
from pilito.clock import utc_now
from pilito.conversations.close import close
from pilito.conversations.reply import reply
from pilito.conversations.take_over import give_back, take_over
from pilito.errors import Refused
from pilito.extensions import csrf
from pilito.models import Conversation, Message
from pilito.queries import conversations, inboxes, labels, reactions, summary, thread
from pilito.tokens import find_by_bearer

bp = Blueprint("api", __name__, url_prefix="/api/v1")
csrf.exempt(bp)
errors.register(bp)

# What the API is, is no secret; what is in it, is.
PUBLIC_ENDPOINTS = {"api.describe"}
CONVERSATION = "/conversations/<int:conversation_id>"
# Sums of a whole shop: what a token of `--for metrics` may ask.
NUMBERS = {"api.show_stats"}
# A token is a machine, not an operator.
NOBODY = None

Shape = dict[str, Any]


@bp.before_request
def ask_for_token() -> None:
    if request.endpoint in PUBLIC_ENDPOINTS:
        return
    token = find_by_bearer(bearer_token(), utc_now())
    if token is None:
        raise Unauthorized(
            "Send a token that is known and not revoked: Authorization: Bearer …; `flask token add NAME` makes one.",
            www_authenticate=WWWAuthenticate("bearer", {"realm": "pilito"}),
        )
    if token.only_numbers and request.endpoint not in NUMBERS:
        raise Forbidden(
            "This token opens /metrics and /api/v1/stats only; `flask token add NAME` makes one for the rest."
        )
    rates.count(f"token {token.id}")


def bearer_token() -> str | None:
    given = request.authorization
    return given.token if given and given.type == "bearer" else None


@bp.after_request
def keep_out_of_caches(response: Response) -> Response:
    response.headers.setdefault("Cache-Control", "no-store")
    return response


@bp.get("/openapi.json")
def describe() -> Shape:
    return DOCUMENT


@bp.get("/conversations")
def list_conversations() -> Shape:
    limit = inputs.limit()
    rows = conversations.page(
        state=inputs.state(),
        inbox_id=inputs.row_id("inbox"),
        unread=inputs.unread(),
        q=inputs.search(),
        before=inputs.cursor(),
        limit=limit + 1,
    )
    on = labels.labels_of([row.id for row in rows])

    def shape(row: Conversation) -> Shape:
        return shapes.conversation(row, on.get(row.id, ()))

    return shapes.page(rows, limit, shapes.conversation_position, shape)


@bp.get(CONVERSATION)
def show_conversation(conversation_id: int) -> Shape:
    on = labels.labels_of([conversation_id])
    return shapes.conversation(_get(conversation_id), on.get(conversation_id, ()))


@bp.get(f"{CONVERSATION}/messages")
def list_messages(conversation_id: int) -> Shape:
    limit = inputs.limit()
    conversation = _get(conversation_id)
    rows = thread.page(conversation.id, after=inputs.cursor(), limit=limit + 1)
    marks = reactions.of_messages(conversation, [row.id for row in rows])

    def shape(row: Message) -> Shape:
        return shapes.message(row, marks.get(row.id, []))

    return shapes.page(rows, limit, shapes.message_position, shape)


@bp.post(f"{CONVERSATION}/replies")
def add_reply(conversation_id: int) -> tuple[Shape, int]:
    values = inputs.body()
    text, client_id, extras = inputs.text(values), inputs.client_id(values), reply_inputs.extras(values)
    return shapes.message(reply(conversation_id, NOBODY, text, client_id, utc_now(), extras)), 202


@bp.post(f"{CONVERSATION}/take-over")
def take_over_conversation(conversation_id: int) -> Shape:
    take_over(_get(conversation_id).id, NOBODY, utc_now())
    return show_conversation(conversation_id)


@bp.post(f"{CONVERSATION}/give-back")
def give_back_conversation(conversation_id: int) -> Shape:
    give_back(_get(conversation_id).id, NOBODY, utc_now())
    return show_conversation(conversation_id)


@bp.post(f"{CONVERSATION}/close")
def close_conversation(conversation_id: int) -> Shape:
    close(_get(conversation_id).id, NOBODY, utc_now())
    return show_conversation(conversation_id)


@bp.get("/inboxes")
def list_inboxes() -> Shape:
    now = utc_now()
    return {"data": [shapes.inbox(row, now) for row in inboxes.all_inboxes()], "next": None}


@bp.get("/stats")
def show_stats() -> Shape:
    return summary.summary()


def _get(conversation_id: int) -> Conversation:
    found = conversations.find(conversation_id)
    if found is None:
        raise Refused("not_found", f"There is no conversation {conversation_id}.")
    return found
