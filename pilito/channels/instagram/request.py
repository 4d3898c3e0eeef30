"""Writes what we send as Meta's Send API wants it. Pure; the limits were checked before, in limits.py."""

from typing import Any

from pilito.channels.base import Account, Button, Card, Outbound, OutboundFile, QuickReply

Json = dict[str, Any]

FACEBOOK = "facebook"
FILE_TYPES = {"voice": "audio"}
QUICK_REPLY_TYPES = {"phone": "user_phone_number", "email": "user_email"}


def is_facebook(account: Account) -> bool:
    """Whether the account is reached by its Facebook Page."""
    return account.options.get("login") == FACEBOOK


def request_of(account: Account, outbound: Outbound) -> Json:
    """Return the body of the call."""
    if outbound.reaction is not None:
        return _reaction(outbound)
    request = {"recipient": _recipient(outbound), "message": _message(outbound), **_messaging_type(account, outbound)}
    if outbound.reply_to_external_id:
        request["reply_to"] = {"mid": outbound.reply_to_external_id}
    return request


def _recipient(outbound: Outbound) -> Json:
    return {"comment_id": outbound.comment_id} if outbound.comment_id else {"id": outbound.recipient_id}


def _messaging_type(account: Account, outbound: Outbound) -> Json:
    if outbound.tag:
        return {"messaging_type": "MESSAGE_TAG", "tag": outbound.tag}
    # The page on Instagram Login does not know the key.
    return {"messaging_type": "RESPONSE"} if is_facebook(account) else {}


def _reaction(outbound: Outbound) -> Json:
    reaction = outbound.reaction
    assert reaction is not None
    payload = {"message_id": reaction.external_id, **({"reaction": reaction.emoji} if reaction.emoji else {})}
    action = "react" if reaction.emoji else "unreact"
    return {"recipient": _recipient(outbound), "sender_action": action, "payload": payload}


def _message(outbound: Outbound) -> Json:
    if outbound.file is not None:
        return {"attachment": _file(outbound.file)}
    if outbound.cards:
        elements = [_card(card) for card in outbound.cards]
        return {"attachment": {"type": "template", "payload": {"template_type": "generic", "elements": elements}}}
    if outbound.is_like:
        return {"attachment": {"type": "like_heart"}}
    quick_replies = [_quick_reply(reply) for reply in outbound.quick_replies]
    return {"text": outbound.text, **({"quick_replies": quick_replies} if quick_replies else {})}


def _file(file: OutboundFile) -> Json:
    return {"type": FILE_TYPES.get(file.kind, file.kind), "payload": {"url": file.url}}


def _quick_reply(reply: QuickReply) -> Json:
    if reply.kind in QUICK_REPLY_TYPES:
        return {"content_type": QUICK_REPLY_TYPES[reply.kind]}
    # A tap without a payload comes back as a text of that title; Meta's page asks for one all the same.
    return {"content_type": "text", "title": reply.title, "payload": reply.payload or reply.title}


def _card(card: Card) -> Json:
    element: Json = {"title": card.title}
    if card.subtitle:
        element["subtitle"] = card.subtitle
    if card.image_url:
        element["image_url"] = card.image_url
    if card.url:
        element["default_action"] = {"type": "web_url", "url": card.url}
    if card.buttons:
        element["buttons"] = [_button(button) for button in card.buttons]
    return element


def _button(button: Button) -> Json:
    if button.url:
        return {"type": "web_url", "title": button.title, "url": button.url}
    return {"type": "postback", "title": button.title, "payload": button.payload}
