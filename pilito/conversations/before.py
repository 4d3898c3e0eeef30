"""How a conversation lay before somebody closed it or put it off: kept in the audit row, for one who takes it back."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select

from pilito.conversations import turns
from pilito.conversations.came_back import BY_CLOCK, come_back
from pilito.database import Transaction
from pilito.lifecycle import ConversationState, DeliveryState, Sender, known_reason
from pilito.models import Conversation, Delivery, Message, db

ON_ITS_WAY = (DeliveryState.PENDING, DeliveryState.SENDING)
TIMES = ("unanswered_since", "snoozed_until", "returned_at", "person_at")


def lies(conversation: Conversation) -> dict[str, Any]:
    """As JSON."""
    return {
        "state": conversation.state.value,
        "reason": conversation.hand_over_reason.value if conversation.hand_over_reason else None,
        "holder": conversation.operator_id,
        "unread": conversation.unread_count,
        "on_its_way": list(_on_its_way(conversation)),
        **{name: _text(getattr(conversation, name)) for name in TIMES},
    }


def _on_its_way(conversation: Conversation) -> Sequence[int]:
    """The customer's messages whose answer has not left yet: if it never does, they wait again, and that is noted
    nowhere while the conversation is closed."""
    replies = select(Delivery.message_id).where(
        Delivery.conversation_id == conversation.id, Delivery.state.in_(ON_ITS_WAY)
    )
    asked = select(Message.id).where(Message.sender == Sender.CUSTOMER, Message.answered_by_id.in_(replies))
    return db.session.scalars(asked.order_by(Message.id)).all()


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
    for message in db.session.scalars(select(Message).where(Message.id.in_(before.get("on_its_way", [])))):
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
