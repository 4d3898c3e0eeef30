"""Reads what a message holds, whoever sent it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pilito.channels.base import File, SharedMedia
from pilito.channels.instagram.attachments import Attachment, files_of, read_attachments
from pilito.channels.instagram.shares import one_share, share_in_text, share_of
from pilito.channels.instagram.values import MESSAGE_ID_LENGTH, id_of, is_true, mapping_of, text_of
from pilito.lifecycle import MessageType

BUTTON_KIND = "postback"
# A question that the shop set up inside the Instagram app, as one of those a new customer may tap.
ICE_BREAKER_PREFIX = "3:IB_FIRST_PARTY:"


@dataclass(frozen=True)
class Content:
    """What a message holds; the fields mean what they mean in `Inbound`."""

    message_type: MessageType
    provider_type: str
    text: str
    question: str
    share: SharedMedia | None
    files: tuple[File, ...]
    reply_to_external_id: str | None
    payload: str | None


def read_content(message: Mapping[str, Any]) -> Content:
    """Return what a message holds; a shape we do not know becomes `OTHER` with all its files."""
    attachments = read_attachments(message.get("attachments"))
    text = _text(message, attachments)
    link, rest = share_in_text(text)
    share = one_share([*map(share_of, attachments), link])
    message_type, provider_type = _kind(message, attachments, text, share)
    reply_to = mapping_of(message.get("reply_to"))
    return Content(
        message_type=message_type,
        provider_type=provider_type,
        text=text,
        question=rest if share and rest.strip() else "",
        share=share,
        files=files_of(attachments, mapping_of(reply_to.get("story"))),
        reply_to_external_id=id_of(reply_to.get("mid"), MESSAGE_ID_LENGTH),
        payload=_payload(message) or None,
    )


def _text(message: Mapping[str, Any], attachments: list[Attachment]) -> str:
    """What was typed; for a button without a title its payload, for a lone link its address."""
    typed = text_of(message.get("text"))
    return typed if typed.strip() else _payload(message) or _lone_link(attachments) or typed


def _payload(message: Mapping[str, Any]) -> str:
    return text_of(mapping_of(message.get("quick_reply")).get("payload"))


def _lone_link(attachments: list[Attachment]) -> str:
    # Sharing an address is the same as typing it. A post's page is not text but a share.
    return next((one.url for one in attachments if one.is_link and one.url and not share_of(one)), "")


def _kind(
    message: Mapping[str, Any], attachments: list[Attachment], text: str, share: SharedMedia | None
) -> tuple[MessageType, str]:
    """What the message is, and Meta's word for it: a share first, then the first file, then the words."""
    if share:
        return MessageType.SHARE, share.kind
    for attachment in attachments:
        if not attachment.is_link:
            return attachment.message_type, attachment.provider_type
    if text.strip():
        return MessageType.TEXT, _kind_of_text(message, attachments)
    return _kind_of_nothing(message, attachments)


def _kind_of_text(message: Mapping[str, Any], attachments: list[Attachment]) -> str:
    if attachments:
        return attachments[0].provider_type
    if mapping_of(message.get("quick_reply")):
        return button_kind(_payload(message), "quick_reply")
    return "story_reply" if mapping_of(message.get("reply_to")).get("story") else "text"


def _kind_of_nothing(message: Mapping[str, Any], attachments: list[Attachment]) -> tuple[MessageType, str]:
    if is_true(message.get("is_unsupported")):
        return MessageType.UNSUPPORTED, "is_unsupported"
    return MessageType.OTHER, attachments[0].provider_type if attachments else "empty"


def button_kind(payload: str | None, otherwise: str) -> str:
    """Meta's word for a tap; the shop's own ice breakers tell themselves by their payload alone."""
    return "ice_breaker" if (payload or "").startswith(ICE_BREAKER_PREFIX) else otherwise
