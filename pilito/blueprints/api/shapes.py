"""Rows as the JSON of the API: its names are fixed, for others rely on them."""

from collections.abc import Callable, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any, TypeVar

from pilito.blueprints.api.inputs import Position, write_cursor
from pilito.channels.base import Referral
from pilito.conversations.duty import chosen_mode
from pilito.conversations.tokens import is_ending
from pilito.extensions import channels
from pilito.lifecycle import DeliveryState
from pilito.models import Conversation, Customer, Delivery, Inbox, Label, Message, Reaction, Share

Row = TypeVar("Row")

REFERRAL_PARTS = tuple(part.name for part in fields(Referral))

# A reply of several parts is as well off as its worst part.
WORST_LAST = (
    DeliveryState.SENT,
    DeliveryState.PENDING,
    DeliveryState.SENDING,
    DeliveryState.UNKNOWN,
    DeliveryState.FAILED,
)


def page(
    rows: Sequence[Row], limit: int, position: Callable[[Row], Position], shape: Callable[[Row], dict[str, Any]]
) -> dict[str, Any]:
    """Shape one page; `rows` holds one more than `limit` where a next page exists."""
    shown = rows[:limit]
    more = len(rows) > limit
    return {"data": [shape(row) for row in shown], "next": write_cursor(position(shown[-1])) if more else None}


def conversation_position(conversation: Conversation) -> Position:
    assert conversation.last_message_at is not None  # the query leaves out the others
    return conversation.last_message_at, conversation.id


def message_position(message: Message) -> Position:
    return message.sent_at, message.id


def conversation(row: Conversation, labels: Sequence[Label] = ()) -> dict[str, Any]:
    return {
        "id": row.id,
        "inbox_id": row.inbox_id,
        "channel": row.inbox.channel,
        "state": row.state.value,
        "assistant_mode": chosen_mode(row.inbox, row).value,
        "has_draft": row.drafted_at is not None,
        "customer": customer(row.customer),
        "unread_count": row.unread_count,
        "last_message_at": moment(row.last_message_at),
        "window_closes_at": moment(window_closes_at(row)),
        "snoozed_until": moment(row.snoozed_until),
        "labels": [label.name for label in labels],
    }


def customer(row: Customer) -> dict[str, Any]:
    return {"id": row.id, "external_id": row.provider_id, "username": row.username, "name": row.name}


def inbox(row: Inbox, now: datetime) -> dict[str, Any]:
    return {
        "id": row.id,
        "channel": row.channel,
        "external_id": row.external_id,
        "name": row.name,
        "username": row.username,
        "state": row.state.value,
        "stop_reason": row.stop_reason,
        "token_expires_at": moment(row.token_expires_at),
        "token_is_ending": is_ending(row, now),
        "subscription_error": row.subscription_error,
        "last_webhook_at": moment(row.last_webhook_at),
    }


def window_closes_at(row: Conversation) -> datetime | None:
    """When the assistant may answer no more; None while the customer has not written, or where nothing closes."""
    channel = channels.get(row.inbox.channel)
    window = channel.reply_window if channel else None
    since = row.last_customer_message_at
    return since + window if since is not None and window is not None else None


def message(row: Message, reactions: Sequence[Reaction] = ()) -> dict[str, Any]:
    is_there = row.deleted_at is None
    return {
        "id": row.id,
        "external_id": row.external_id,
        "sender": row.sender.value,
        "message_type": row.message_type.value,
        "processing_status": row.processing_status.value,
        # What was unsent is gone: the customer took back the words and the post alike.
        "text": row.text if is_there else "",
        "content": row.content if is_there else "",
        "share": share(row.share) if row.share and is_there else None,
        "reply_to": row.reply_to_external_id,
        "reactions": [reaction(one) for one in reactions],
        "payload": row.payload,
        "origin": row.origin,
        "referral": referral(row.referral) if row.referral and is_there else None,
        "delivery": delivery(row.deliveries) if row.deliveries else None,
        "sent_at": moment(row.sent_at),
        "created_at": moment(row.created_at),
        "edited_at": moment(row.edited_at) if is_there else None,
        "deleted_at": moment(row.deleted_at),
    }


def reaction(row: Reaction) -> dict[str, Any]:
    return {"by": "shop" if row.by_shop else "customer", "emoji": row.emoji, "name": row.name, "at": moment(row.at)}


def referral(parts: dict[str, Any]) -> dict[str, Any]:
    return {name: parts.get(name) for name in REFERRAL_PARTS}


def share(row: Share) -> dict[str, Any]:
    return {
        "kind": row.kind,
        "state": row.state.value,
        "title": row.title,
        "subtitle": row.subtitle,
        "caption": row.full_caption,
        "url": row.url,
        "permalink": row.full_permalink,
        "media_id": row.media_id,
        "combined_with": row.combined_with_id,
    }


def delivery(parts: Sequence[Delivery]) -> dict[str, Any]:
    """Sum up the parts of one reply; `external_id` is that of its first."""
    worst = max(parts, key=lambda part: WORST_LAST.index(part.state))
    return {"state": worst.state.value, "external_id": parts[0].external_id, "error": worst.error}


def moment(value: datetime | None) -> str | None:
    return value.isoformat(timespec="milliseconds").replace("+00:00", "Z") if value else None
