"""The customer saw what we wrote."""

from datetime import datetime

from pilito.channels.base import Seen
from pilito.conversations.find import find_any_message, find_conversation
from pilito.conversations.lock import mark_changed
from pilito.conversations.outcome import Outcome
from pilito.database import Transaction
from pilito.lifecycle import EventOutcome
from pilito.models import Conversation, Inbox, db
from pilito.queries.thread import newest_seen


def see(tx: Transaction, inbox: Inbox, item: Seen, now: datetime) -> Outcome:  # noqa: ARG001
    """Note up to which of our messages the customer has read; this never goes back."""
    conversation = find_conversation(inbox, item.customer_id)
    if conversation is None:
        return Outcome(EventOutcome.IGNORED, "seen by a customer we do not know")
    message = find_any_message(inbox, item.external_id) if item.external_id else None
    is_ours = message is not None and message.conversation_id == conversation.id
    # By the message's own time: a reply that left since then was not seen, though the event may be later than it.
    until = message.sent_at if message and is_ours else item.at
    if conversation.seen_until is not None and until <= conversation.seen_until:
        return Outcome(EventOutcome.DUPLICATE, "as much or more was seen before")
    _move(tx, conversation, until, item.at)
    return Outcome(EventOutcome.STORED, message_id=message.id if message and is_ours else None)


def _move(tx: Transaction, conversation: Conversation, until: datetime, at: datetime) -> None:
    before = newest_seen(conversation)
    conversation.seen_until, conversation.customer_seen_at = until, at
    db.session.flush()
    after = newest_seen(conversation)
    if after is not None and after is not before:
        mark_changed(tx, conversation, *(one for one in (before, after) if one is not None))
