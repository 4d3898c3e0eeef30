"""A reply becomes rows: the message, and a delivery for each part that the channel takes."""

from datetime import datetime

from sqlalchemy import bindparam, select

from pilito import hints, keys
from pilito.conversations.store import count_message
from pilito.database import Transaction
from pilito.extensions import channels
from pilito.lifecycle import DeliveryState, MessageType, ProcessingStatus, Sender
from pilito.models import Conversation, Delivery, Message, db

NEXT_DELIVERY = (
    select(Delivery)
    .where(
        Delivery.conversation_id == bindparam("conversation"),
        Delivery.state.in_((DeliveryState.PENDING, DeliveryState.SENDING)),
    )
    .order_by(Delivery.id)
    .limit(1)
    .execution_options(populate_existing=True)
)


def add_reply(conversation: Conversation, sender: Sender, text: str, now: datetime, tag: str | None = None) -> Message:
    """Record a reply with its deliveries. The caller flushes, and has them sent after the commit."""
    message = Message(
        conversation=conversation,
        inbox_id=conversation.inbox_id,
        sender=sender,
        message_type=MessageType.TEXT,
        processing_status=ProcessingStatus.COMPLETED,
        text=text,
        content=text,
        sent_at=now,
        created_at=now,
        epoch=conversation.epoch,
        deliveries=[
            Delivery(
                conversation_id=conversation.id,
                inbox_id=conversation.inbox_id,
                position=position,
                text=part,
                tag=tag,
                state=DeliveryState.PENDING,
                due_at=now,
                created_at=now,
                attempt=0,
            )
            for position, part in enumerate(channels[conversation.inbox.channel].split(text))
        ],
        share=None,  # said, so that nobody asks the database for it
    )
    db.session.add(message)
    count_message(conversation, message)
    return message


def leave(tx: Transaction, _conversation: Conversation, message: Message, _now: datetime) -> None:
    """Flush the reply's rows, and leave it to a job of its own."""
    db.session.flush()
    tx.after_commit(hints.hint, keys.DELIVERIES, keys.DELIVER_JOB, message.id)


def next_delivery(conversation_id: int) -> Delivery | None:
    """The oldest part of this conversation that is not settled: parts and replies leave in order."""
    return db.session.scalar(NEXT_DELIVERY, {"conversation": conversation_id})


def wake_next(tx: Transaction, conversation: Conversation) -> None:
    """The next reply of this conversation waited for ours."""
    db.session.flush()
    following = next_delivery(conversation.id)
    if following is not None and following.state is DeliveryState.PENDING:
        tx.after_commit(hints.hint, keys.DELIVERIES, keys.DELIVER_JOB, following.message_id)
