"""How a conversation lay before somebody closed it or put it off: kept in the audit row, for one who takes it back."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import false, or_, select
from sqlalchemy.orm import joinedload

from pilito.conversations import turns
from pilito.conversations.came_back import BY_CLOCK, come_back
from pilito.database import Transaction
from pilito.lifecycle import ConversationState, DeliveryState, Sender, known_reason
from pilito.models import Conversation, Delivery, Message, db

ON_ITS_WAY = (DeliveryState.PENDING, DeliveryState.SENDING)
RECENT = timedelta(days=1)
TIMES = ("unanswered_since", "snoozed_until", "returned_at", "person_at")


def lies(conversation: Conversation) -> dict[str, Any]:
    """As JSON."""
    return {
        "state": conversation.state.value,
        "reason": conversation.hand_over_reason.value if conversation.hand_over_reason else None,
        "holder": conversation.operator_id,
        "unread": conversation.unread_count,
        "may_wait": _may_wait(conversation),
        **{name: _text(getattr(conversation, name)) for name in TIMES},
    }


def _may_wait(conversation: Conversation) -> list[int]:
    """The customer's messages that wait for nobody now, and may when it is taken back, which is noted nowhere while the
    conversation is closed: of any age those whose answer has not left yet; of the last day each that seems answered
    (by what is found out to be an echo of ours) or asks nothing (a bare link that becomes a question)."""
    replies = select(Delivery.message_id).where(
        Delivery.conversation_id == conversation.id, Delivery.state.in_(ON_ITS_WAY)
    )
    newest = conversation.last_customer_message_at
    found = db.session.scalars(
        select(Message)
        .where(
            Message.conversation_id == conversation.id,
            Message.sender == Sender.CUSTOMER,
            Message.deleted_at.is_(None),
            or_(Message.answered_by_id.in_(replies), Message.sent_at >= newest - RECENT if newest else false()),
        )
        .options(joinedload(Message.share))
        .order_by(Message.id)
    )
    return [message.id for message in found if not turns.asks(message)]


def put_back(tx: Transaction, conversation: Conversation, before: dict[str, Any], now: datetime) -> None:
    """Let it lie as before. What the assistant was writing is gone: it is asked anew."""
    conversation.state = ConversationState(before["state"])
    conversation.hand_over_reason = known_reason(before["reason"])
    conversation.operator_id = before["holder"]
    conversation.unread_count = max(conversation.unread_count, before["unread"])
    conversation.epoch += 1
    for name in TIMES:
        setattr(conversation, name, _time(before[name]))
    # A row of an older version has none.
    for message in db.session.scalars(select(Message).where(Message.id.in_(before.get("may_wait", [])))):
        if turns.asks(message):
            turns.note_waiting(conversation, message)
    if conversation.snoozed_until is not None and conversation.snoozed_until <= now:
        come_back(conversation, BY_CLOCK, now)
    turns.count_unanswered(conversation)
    turns.ask_unanswered(tx, conversation, now)


def _text(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
