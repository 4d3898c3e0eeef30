"""Reads what becomes a message: messages, echoes, unsends and pressed buttons."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pilito.channels.base import Echo, Ignored, Inbound, Item, Unsend
from pilito.channels.instagram.content import BUTTON_KIND, Content, button_kind, read_content
from pilito.channels.instagram.parties import Entry, Parties, Unclear, part, parties
from pilito.channels.instagram.referrals import referral_in
from pilito.channels.instagram.times import sent_at
from pilito.channels.instagram.values import MESSAGE_ID_LENGTH, id_of, is_true, part_of
from pilito.lifecycle import MessageType


def read_message(item: Mapping[str, Any], about: Entry) -> Item:
    message = part(item, "message")
    who = parties(item, message, about)
    sent = sent_at(item.get("timestamp"), about.time, about.received_at)
    if is_true(message.get("is_deleted")):
        return Unsend(who.account_id, who.customer_id, _unsent_id(message), sent)
    external_id, content = _external_id("message", item, about), read_content(message)
    if who.is_own:
        return _echo(who, external_id, sent, content, about)
    return _inbound(item, who, external_id, sent, content, about)


def _inbound(
    item: Mapping[str, Any], who: Parties, external_id: str, sent: datetime, content: Content, about: Entry
) -> Inbound:
    return Inbound(
        account_id=who.account_id,
        customer_id=who.customer_id,
        external_id=external_id,
        sent_at=sent,
        message_type=content.message_type,
        provider_type=content.provider_type,
        text=content.text,
        share=content.share,
        files=content.files,
        reply_to_external_id=content.reply_to_external_id,
        question=content.question,
        payload=content.payload,
        referral=referral_in(item["message"], item),
        origin=about.origin,
    )


def _echo(who: Parties, external_id: str, sent: datetime, content: Content, about: Entry) -> Echo:
    return Echo(
        account_id=who.account_id,
        customer_id=who.customer_id,
        external_id=external_id,
        sent_at=sent,
        message_type=content.message_type,
        provider_type=content.provider_type,
        text=content.text,
        share=content.share,
        files=content.files,
        reply_to_external_id=content.reply_to_external_id,
        origin=about.origin,
    )


def read_postback(item: Mapping[str, Any], about: Entry) -> Item:
    postback = part(item, "postback")
    who = parties(item, postback, about)
    if who.is_own:
        return Ignored("postback", "the account pressed its own button", about.account_id)
    payload = part_of(postback.get("payload"))
    return Inbound(
        account_id=who.account_id,
        customer_id=who.customer_id,
        external_id=_external_id("postback", item, about),
        sent_at=sent_at(item.get("timestamp"), about.time, about.received_at),
        message_type=MessageType.POSTBACK,
        provider_type=button_kind(payload, BUTTON_KIND),
        text=part_of(postback.get("title")) or payload or "",
        payload=payload,
        referral=referral_in(postback, item),
        origin=about.origin,
    )


def _external_id(key: str, item: Mapping[str, Any], about: Entry) -> str:
    """Meta's id of the message; without one, an id that the same event gets again when it comes again."""
    return id_of(item[key].get("mid"), MESSAGE_ID_LENGTH) or f"nomid-{_digest([about.account_id, key, item])}"


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def _unsent_id(message: Mapping[str, Any]) -> str:
    if external_id := id_of(message.get("mid"), MESSAGE_ID_LENGTH):
        return external_id
    raise Unclear("message.mid: expected the id of the message that was taken back, but there is none.")
