"""Finding the rows that an event of the provider speaks of, where none may be made for it."""

from sqlalchemy import select

from pilito.conversations.lock import get_locked
from pilito.models import Conversation, Customer, Delivery, Inbox, Message, db


def find_conversation(inbox: Inbox, customer_external_id: str) -> Conversation | None:
    """Find the customer's conversation and lock it."""
    conversation_id = db.session.scalar(
        select(Conversation.id)
        .join(Conversation.customer)
        .where(Conversation.inbox_id == inbox.id, Customer.external_id == customer_external_id)
    )
    return get_locked(conversation_id) if conversation_id is not None else None


def find_any_message(inbox: Inbox, external_id: str) -> Message | None:
    """Find a message by the provider's id: its own, or that of the delivery that sent a part of it."""
    own = select(Message).where(Message.inbox_id == inbox.id, Message.external_id == external_id)
    sent = (
        select(Message)
        .join(Delivery, Delivery.message_id == Message.id)
        .where(Delivery.inbox_id == inbox.id, Delivery.external_id == external_id)
    )
    return db.session.scalar(own) or db.session.scalar(sent)
