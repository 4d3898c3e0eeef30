"""Somebody put an emoji on a message or took it off: shown beneath the message, told to the assistant, never asked."""

from datetime import datetime

from sqlalchemy import select

from pilito.channels.base import Reaction as ReactionItem
from pilito.conversations.find import find_any_message
from pilito.conversations.lock import mark_changed
from pilito.conversations.outcome import Outcome
from pilito.conversations.store import get_conversation
from pilito.database import Transaction
from pilito.lifecycle import EventOutcome
from pilito.models import Conversation, Inbox, Reaction, db


def react(tx: Transaction, inbox: Inbox, item: ReactionItem, now: datetime) -> Outcome:
    """Keep the newest reaction of this person to this message, also when it comes before the message."""
    conversation = get_conversation(inbox, item.customer_id, now)
    message = find_any_message(inbox, item.external_id)
    if message is not None and message.conversation_id != conversation.id:
        return Outcome(EventOutcome.IGNORED, "a reaction to a message of another conversation")
    if message is not None and message.deleted_at is not None:
        return Outcome(EventOutcome.IGNORED, "a reaction to a message that was taken back", message.id)
    message_id = message.id if message else None
    known = _find(inbox, item)
    if known is not None and not _is_news(known, item):
        return Outcome(EventOutcome.DUPLICATE, message_id=message_id)
    _write(inbox, conversation, item, known)
    conversation.reacted_at = max(conversation.reacted_at or item.at, item.at)
    mark_changed(tx, conversation, *([message] if message else []))
    return Outcome(EventOutcome.STORED, None if message else "came before its message", message_id)


def _find(inbox: Inbox, item: ReactionItem) -> Reaction | None:
    return db.session.scalar(
        select(Reaction)
        .where(
            Reaction.inbox_id == inbox.id,
            Reaction.external_id == item.external_id,
            Reaction.by_shop.is_(item.by_shop),
        )
        .execution_options(populate_existing=True)
    )


def _is_news(known: Reaction, item: ReactionItem) -> bool:
    """Events may come late and twice. At the same instant the one that came last counts."""
    is_same = known.is_removed == item.is_removed and (item.is_removed or known.emoji == item.emoji)
    return item.at >= known.at and not is_same


def _write(inbox: Inbox, conversation: Conversation, item: ReactionItem, known: Reaction | None) -> None:
    row = known or Reaction(inbox_id=inbox.id, external_id=item.external_id, by_shop=item.by_shop)
    row.conversation_id = conversation.id
    row.emoji, row.name, row.is_removed, row.at = item.emoji, item.name, item.is_removed, item.at
    db.session.add(row)
    db.session.flush()
