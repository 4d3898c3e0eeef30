"""The one row lock that orders everything in a conversation, and the mark of a change."""

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from pilito import realtime
from pilito.database import Transaction
from pilito.errors import Refused
from pilito.models import Conversation, Message, db


def get_locked(conversation_id: int) -> Conversation:
    """Lock the conversation until the transaction ends. Raises Refused when there is none."""
    conversation = db.session.scalar(
        select(Conversation)
        .where(Conversation.id == conversation_id)
        # With it, for every verb needs them: one question to the database instead of three.
        .options(joinedload(Conversation.inbox), joinedload(Conversation.customer))
        .with_for_update(of=Conversation)
        .execution_options(populate_existing=True)
    )
    if conversation is None:
        raise Refused("not_found", f"There is no conversation {conversation_id}.")
    return conversation


def mark_changed(tx: Transaction, conversation: Conversation, *messages: Message) -> None:
    """Count the change, stamp the messages with it, and tell the panels after the commit."""
    conversation.seq += 1
    for message in messages:
        message.seq = conversation.seq
    tx.after_commit(realtime.changed, conversation.id, conversation.seq)
