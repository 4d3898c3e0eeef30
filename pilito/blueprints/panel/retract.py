"""A reply is taken back before it leaves, and its parts go back into the composer."""

from typing import Any

from flask import jsonify, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from pilito.blueprints.panel import bp, sentences
from pilito.blueprints.panel.actions import STATUS
from pilito.channels.base import Card, Outbound
from pilito.clock import utc_now
from pilito.conversations.payload import own_id
from pilito.conversations.retract import TakenBack, retract
from pilito.errors import Refused
from pilito.lifecycle import Role


@bp.post("/conversations/<int:conversation_id>/messages/<int:message_id>/retract")
def retract_reply(conversation_id: int, message_id: int) -> ResponseReturnValue:
    try:
        if not current_user.may(Role.AGENT):
            raise Refused("not_allowed", "Viewers write nothing.")
        taken = retract(conversation_id, message_id, current_user.id, utc_now())
    except Refused as refusal:
        message = sentences.explain_refusal(refusal.reason)
        return jsonify(reason=refusal.reason, message=message), STATUS.get(refusal.reason, 409)
    return jsonify(_shown(taken))


def _shown(taken: TakenBack) -> dict[str, Any]:
    quick = next((part.quick_replies for part in reversed(taken.parts) if part.quick_replies), ())
    return {
        "text": taken.text,
        "draft": taken.draft_id,
        "reply_to": taken.reply_to_external_id,
        "quick_replies": " | ".join(one.title for one in quick),
        "file": _file(taken),
        "card": next((_card(part.cards[0]) for part in taken.parts if part.cards), None),
    }


def _file(taken: TakenBack) -> dict[str, Any] | None:
    part: Outbound | None = next((part for part in taken.parts if part.file), None)
    media_id = own_id(part.file.url) if part and part.file else None
    if part is None or part.file is None or media_id is None:
        return None
    url = url_for("media.show", media_id=media_id)
    return {"id": media_id, "url": url, "kind": part.file.kind, "name": taken.file_name or ""}


def _card(card: Card) -> dict[str, Any]:
    """By the names of the composer's fields."""
    picture_id = own_id(card.image_url)
    return {
        "card_title": card.title,
        "card_subtitle": card.subtitle,
        "card_url": card.url or "",
        "card_button": card.buttons[0].title if card.buttons else "",
        "card_picture": picture_id or "",
        "picture": url_for("media.show", media_id=picture_id) if picture_id else None,
    }
