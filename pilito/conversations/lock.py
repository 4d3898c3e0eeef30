"""The one row lock that orders everything in a conversation, and the mark of a change."""

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import contains_eager

from pilito import realtime
from pilito.database import Transaction
from pilito.errors import Refused
from pilito.lifecycle import ConversationState
from pilito.models import Conversation, Customer, Inbox, Message, db


def _locking() -> Select[Conversation]:
    """With its inbox and customer, for every verb needs them: one question to the database instead of three."""
    return (
        select(Conversation)
        .join(Conversation.inbox)
        .join(Conversation.customer)
        .options(contains_eager(Conversation.inbox), contains_eager(Conversation.customer))
        .with_for_update(of=Conversation)
        .execution_options(populate_existing=True)
    )


# Built once: building them cost as much as asking them.
BY_ID = _locking().where(Conversation.id == bindparam("conversation"))
BY_CUSTOMER = _locking().where(Inbox.id == bindparam("inbox"), Customer.external_id == bindparam("customer"))


def get_locked(conversation_id: int) -> Conversation:
    """Lock the conversation until the transaction ends. Raises Refused when there is none."""
    conversation = db.session.scalar(BY_ID, {"conversation": conversation_id})
    if conversation is None:
        raise Refused("not_found", f"There is no conversation {conversation_id}.")
    return _seen_anew(conversation)


def find_locked(inbox: Inbox, customer_external_id: str) -> Conversation | None:
    """Lock the conversation with this customer until the transaction ends, if there is one."""
    conversation = db.session.scalar(BY_CUSTOMER, {"inbox": inbox.id, "customer": customer_external_id})
    if conversation is None or _seen_anew(conversation).customer.external_id != customer_external_id:
        return None  # by now this is a row that goes: what is written from now on hangs on another
    return conversation


def _seen_anew(conversation: Conversation) -> Conversation:
    """PostgreSQL reads only the row anew whose lock it waited for, and the customer is as before the wait: the one who
    was waited for may have blocked them, or begun to erase them, and a message would open what they closed. Asked where
    that can be, alone."""
    if conversation.state is ConversationState.CLOSED:
        db.session.refresh(conversation.customer, ["blocked_at", "external_id"])
    return conversation


def refuse_blocked(conversation: Conversation) -> None:
    """For verbs of people that would open a conversation again. Raises Refused while its customer is blocked, and once
    their erasing has begun."""
    if conversation.customer.is_going:
        raise Refused("not_found", f"Conversation {conversation.id} is being erased.")
    if conversation.is_blocked:
        raise Refused("blocked", f"The customer of conversation {conversation.id} is blocked; unblock them first.")


def mark_changed(tx: Transaction, conversation: Conversation, *messages: Message) -> None:
    """Count the change, stamp the messages with it, and tell the panels after the commit."""
    conversation.seq += 1
    for message in messages:
        message.seq = conversation.seq
    tx.after_commit(realtime.changed, conversation.id, conversation.seq)
