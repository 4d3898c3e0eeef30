"""Files that a person chooses in the composer: taken one by one, before the reply that carries them."""

from typing import Any

from flask import jsonify, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from pilito.blueprints.numbers import whole
from pilito.blueprints.panel import bp, sentences
from pilito.channels.base import Button, Card, OutboundFile
from pilito.clock import utc_now
from pilito.conversations.payload import own_address
from pilito.conversations.upload import upload
from pilito.errors import MediaError, Refused
from pilito.lifecycle import Role

LARGEST_BODY = 26 * 1024 * 1024  # the largest file that a channel takes, and what a form adds around it
STATUS = {"not_found": 404, "not_allowed": 403}
TITLE_LENGTH = 200


@bp.url_value_preprocessor
def take_larger_bodies(endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """Only here, and only of people of the shop; this runs before anything reads the body, the CSRF check included."""
    if endpoint == "panel.take_upload" and current_user.is_authenticated:
        request.max_content_length = LARGEST_BODY


@bp.post("/conversations/<int:conversation_id>/uploads")
def take_upload(conversation_id: int) -> ResponseReturnValue:
    """Keep one file for the next reply; answer what the composer shows of it."""
    if not current_user.may(Role.AGENT):
        return _refuse("not_allowed")
    file = request.files.get("file")
    if file is None:
        return _refuse("file_empty")
    try:
        media = upload(conversation_id, request.form.get("kind", ""), file.stream, utc_now())  # type: ignore[arg-type]
    except Refused as refusal:
        return _refuse(refusal.reason)
    except MediaError:
        return _refuse("store_failed")
    return jsonify(id=media.id, url=url_for("media.show", media_id=media.id), kind=media.kind.value), 201


def _refuse(reason: str) -> ResponseReturnValue:
    return jsonify(reason=reason, message=sentences.explain_refusal(reason)), STATUS.get(reason, 409)


def read_file() -> OutboundFile | None:
    """The uploaded file that the composer sends, by its id; the outbox knows the rest of it."""
    media_id = request.form.get("attachment", type=whole)
    return OutboundFile("file", own_address(media_id)) if media_id else None


def read_file_name() -> str | None:
    return request.form.get("attachment_name", "").replace("\x00", "").strip()[:TITLE_LENGTH] or None


def read_cards() -> tuple[Card, ...]:
    """The product card of the composer; without a title there is none."""
    values = {name: request.form.get(f"card_{name}", "").strip() for name in ("title", "subtitle", "url", "button")}
    picture_id = request.form.get("card_picture", type=whole)
    if not values["title"]:
        if picture_id or any(values.values()):
            raise Refused("card_wrong", "A card needs a title.")
        return ()
    link: dict[str, Any] = {"url": values["url"]} if values["url"] else {}
    buttons = (Button(values["button"], **link),) if values["button"] else ()
    picture = own_address(picture_id) if picture_id else None
    return (Card(values["title"], values["subtitle"], picture, values["url"] or None, buttons),)
