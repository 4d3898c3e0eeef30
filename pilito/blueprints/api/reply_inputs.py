"""What a reply carries beside its text, as a client sends it: shapes are checked here, the channel's limits later."""

from typing import Any

from pilito.blueprints.api.inputs import storable, wrong
from pilito.channels.base import Button, Card, OutboundFile, OutboundReaction, QuickReply
from pilito.conversations.payload import Extras

LONGEST_TEXT = 2000
MOST_ITEMS = 50  # far above what any channel takes

Json = dict[str, Any]


def extras(values: Json) -> Extras:
    """Return what stands beside the text: `quick_replies`, `attachment`, `cards`, `like`, `reaction`, `reply_to`."""
    reply_to = _optional(values, "reply_to", "reply_to")
    return Extras(
        quick_replies=tuple(_quick_reply(one) for one in _objects(values, "quick_replies")),
        file=_attachment(values.get("attachment")),
        cards=tuple(_card(one) for one in _objects(values, "cards")),
        is_like=_flag(values, "like"),
        reaction=_reaction(values.get("reaction"), reply_to),
        reply_to_external_id=reply_to,
    )


def _quick_reply(value: Json) -> QuickReply:
    title, payload, kind = (_optional(value, key, "quick_replies") for key in ("title", "payload", "kind"))
    return QuickReply(title or "", payload or "", kind or "text")


def _attachment(value: Any) -> OutboundFile | None:
    if value is None:
        return None
    if not isinstance(value, dict):
        raise wrong("attachment", "an object with kind and url")
    return OutboundFile(_text(value, "kind", "attachment"), _text(value, "url", "attachment"))


def _card(value: Json) -> Card:
    return Card(
        _text(value, "title", "cards"),
        _optional(value, "subtitle", "cards") or "",
        _optional(value, "image_url", "cards"),
        _optional(value, "url", "cards"),
        tuple(_button(one) for one in _objects(value, "buttons")),
    )


def _button(value: Json) -> Button:
    name = "buttons"
    return Button(_text(value, "title", name), _optional(value, "url", name), _optional(value, "payload", name))


def _reaction(value: Any, reply_to: str | None) -> OutboundReaction | None:
    """`{"emoji": "❤"}` on the message of `reply_to`; `{"emoji": null}` takes it back."""
    if value is None:
        return None
    if not isinstance(value, dict) or reply_to is None:
        raise wrong("reaction", "an object with emoji, and reply_to beside it")
    return OutboundReaction(reply_to, _optional(value, "emoji", "reaction"))


def _objects(values: Json, name: str) -> list[Json]:
    found = values.get(name)
    if found is None:
        return []
    if not isinstance(found, list) or len(found) > MOST_ITEMS or not all(isinstance(one, dict) for one in found):
        raise wrong(name, "a list of objects")
    return found


def _flag(values: Json, name: str) -> bool:
    found = values.get(name, False)
    if not isinstance(found, bool):
        raise wrong(name, "true or false")
    return found


def _text(values: Json, key: str, name: str) -> str:
    return storable(f"{name}.{key}", values.get(key), LONGEST_TEXT)


def _optional(values: Json, key: str, name: str) -> str | None:
    if values.get(key) is None:
        return None
    return storable(name if key == name else f"{name}.{key}", values[key], LONGEST_TEXT)
