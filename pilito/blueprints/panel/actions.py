"""What operators do to a conversation: one verb each."""

import re
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import ParamSpec

from flask import flash, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from pilito.blueprints.auth import FRAGMENT_HEADER
from pilito.blueprints.numbers import whole
from pilito.blueprints.panel import bp, sentences
from pilito.blueprints.panel.quoted import read_quotes
from pilito.blueprints.panel.uploads import read_cards, read_file, read_file_name
from pilito.channels.base import QuickReply
from pilito.clock import utc_now
from pilito.conversations.approve import send_draft
from pilito.conversations.canned import refuse_places
from pilito.conversations.close import close
from pilito.conversations.payload import NOTHING, Extras
from pilito.conversations.quote_product import check_told
from pilito.conversations.read import mark_read
from pilito.conversations.reply import is_recorded, reply
from pilito.conversations.settle import Settlement, settle
from pilito.conversations.take_over import give_back, take_over
from pilito.errors import Refused
from pilito.lifecycle import Role

P = ParamSpec("P")
STATUS = {"not_found": 404, "not_allowed": 403, "mode_of_admins": 403}
CLIENT_ID_LENGTH = 64
PAGES = {"health": "panel.show_health"}  # other pages from which the same is done, and where it leads back to


def changes(verb: Callable[P, None]) -> Callable[P, ResponseReturnValue]:
    """Agents and above may; a refusal becomes its sentence; a form without JavaScript goes back to its page."""

    @wraps(verb)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        if not current_user.may(Role.AGENT):
            return refuse("not_allowed")
        try:
            verb(*args, **kwargs)
        except Refused as refusal:
            return refuse(refusal.reason)
        return ("", 204) if request.headers.get(FRAGMENT_HEADER) else _back()

    return wrapper


def refuse(reason: str) -> ResponseReturnValue:
    sentence = sentences.explain_refusal(reason)
    if request.headers.get(FRAGMENT_HEADER):
        return jsonify(reason=reason, message=sentence), STATUS.get(reason, 409)
    flash(sentence, "problem")
    return _back()


def _back() -> ResponseReturnValue:
    page = PAGES.get(request.form.get("back", ""))
    if page or "conversation_id" not in (request.view_args or {}):
        return redirect(url_for(page or "panel.show_comments"))
    values = {"conversation_id": (request.view_args or {})["conversation_id"], "zone": request.form.get("zone")}
    return redirect(url_for("panel.show_thread", **values))


@bp.post("/conversations/<int:conversation_id>/replies")
@changes
def send_reply(conversation_id: int) -> None:
    client_id = read_client_id()
    text, extras, now = request.form.get("text", ""), _read_extras(), utc_now()
    refuse_places(text)
    quotes = read_quotes()
    if not is_recorded(conversation_id, client_id):  # else it arrived, and only its answer was lost
        check_told(conversation_id, quotes, text, now)
    draft_id, seen_id = (request.form.get(name, type=whole) for name in ("draft", "seen"))
    if draft_id and extras == NOTHING:  # with a file or buttons it is a message of the person's own
        send_draft(conversation_id, draft_id, current_user.id, now, text, True, client_id, seen_id, undo_time())
        return
    reply(conversation_id, current_user.id, text, client_id, now, extras, seen_id, undo_time())


def read_client_id() -> str:
    """The browser's own id of what it sends, which makes it one, however often it arrives."""
    client_id = request.form.get("client_id", "").strip()
    if not 0 < len(client_id) <= CLIENT_ID_LENGTH:
        raise Refused("no_client_id", "A reply or note carries a client_id of 1 to 64 characters: it makes it one.")
    return client_id


def undo_time() -> timedelta:
    """How long the reply of whoever is logged in waits for an undo."""
    return timedelta(seconds=current_user.undo_seconds)


def _read_extras() -> Extras:
    """The message that is answered, and the quick replies as they are typed: `Yes | No`."""
    titles = re.split(r"[|\n]", request.form.get("quick_replies", ""))
    return Extras(
        file=read_file(),
        file_name=read_file_name(),
        cards=read_cards(),
        quick_replies=tuple(QuickReply(title.strip()) for title in titles if title.strip()),
        reply_to_external_id=request.form.get("reply_to", "").strip() or None,
    )


@bp.post("/conversations/<int:conversation_id>/take-over")
@changes
def take_conversation(conversation_id: int) -> None:
    take_over(conversation_id, current_user.id, utc_now())


@bp.post("/conversations/<int:conversation_id>/give-back")
@changes
def give_conversation_back(conversation_id: int) -> None:
    give_back(conversation_id, current_user.id, utc_now())


@bp.post("/conversations/<int:conversation_id>/close")
@changes
def close_conversation(conversation_id: int) -> None:
    close(conversation_id, current_user.id, utc_now())


@bp.post("/conversations/<int:conversation_id>/read")
@changes
def read_conversation(conversation_id: int) -> None:
    mark_read(conversation_id, utc_now())


@bp.post("/conversations/<int:conversation_id>/deliveries/<int:delivery_id>/<how>")
@changes
def settle_delivery(conversation_id: int, delivery_id: int, how: str) -> None:  # noqa: ARG001  (where it leads back to)
    if how not in list(Settlement):
        raise Refused("not_found", f"There is no way {how!r} to settle it.")
    settle(delivery_id, Settlement(how), current_user.id, utc_now())
