"""A reply becomes rows: the message, and a delivery for each part that the channel takes."""

from datetime import datetime

from pilito import hints, keys
from pilito.conversations.store import count_message
from pilito.database import Transaction
from pilito.extensions import channels
from pilito.lifecycle import DeliveryState, MessageType, ProcessingStatus, Sender
from pilito.models import Conversation, Delivery, Message, db


def add_reply(
    tx: Transaction, conversation: Conversation, sender: Sender, text: str, now: datetime, tag: str | None = None
) -> Message:
    """Record a reply with its deliveries; a worker sends them after the commit."""
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
    )
    db.session.add(message)
    db.session.flush()
    count_message(conversation, message)
    tx.after_commit(hints.hint, keys.DELIVERIES, keys.DELIVER_JOB, message.id)
    return message
