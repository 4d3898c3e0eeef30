"""Somebody changed a message: an unanswered question is asked anew, an answered one is only shown."""

import logging
from datetime import datetime, timedelta

from sqlalchemy import delete

from pilito.channels.base import Edit
from pilito.conversations import pending_share, turns
from pilito.conversations.find import find_any_message
from pilito.conversations.lock import get_locked, mark_changed
from pilito.conversations.outcome import Outcome
from pilito.conversations.pair import pair_shares
from pilito.conversations.reword import reword
from pilito.conversations.store import set_preview
from pilito.database import Transaction, transaction
from pilito.lifecycle import EventOutcome, Sender, TurnState
from pilito.models import Conversation, EarlyEdit, Inbox, Message, Turn, db

log = logging.getLogger(__name__)

# A provider repeats a webhook for 36 hours: after that, the message of an early edit comes no more.
EARLY_EDITS_KEPT = timedelta(hours=37)


def edit(tx: Transaction, inbox: Inbox, item: Edit, webhook_id: int, now: datetime) -> Outcome:
    """Give the message its new text, unless a newer edit is known; one that is not here yet gets it when it comes."""
    message = find_any_message(inbox, item.external_id)
    if message is None:
        _keep(inbox, item, webhook_id, now)
        return Outcome(EventOutcome.IGNORED, "an edit that waits for its message")
    conversation = get_locked(message.conversation_id)
    db.session.refresh(message)
    if message.deleted_at is not None:
        return Outcome(EventOutcome.IGNORED, "an edit of a message that was taken back", message.id, item.external_id)
    if _is_old(message, item):
        return Outcome(EventOutcome.DUPLICATE, "an older edit, or the same again", message.id)
    if len(message.deliveries) > 1:
        return Outcome(EventOutcome.IGNORED, "an edit of one part of a reply of ours", message.id)
    _apply(tx, conversation, message, item, now)
    return Outcome(EventOutcome.STORED, message_id=message.id)


def _keep(inbox: Inbox, item: Edit, webhook_id: int, now: datetime) -> None:
    row = EarlyEdit(inbox_id=inbox.id, external_id=item.external_id, webhook_id=webhook_id, created_at=now)
    row.text, row.question, row.number, row.at = item.text, item.question, item.number, item.at
    db.session.add(row)


def _is_old(message: Message, item: Edit) -> bool:
    """By the provider's count of edits; by the time where it does not count."""
    if item.number is not None and message.edit_number is not None:
        return item.number <= message.edit_number
    return message.edited_at is not None and item.at <= message.edited_at


def _apply(tx: Transaction, conversation: Conversation, message: Message, item: Edit, now: datetime) -> None:
    is_news = item.text != message.text
    was = _place(message)
    reword(message, item.text, item.question, item.number, item.at)
    if conversation.last_message_at == message.sent_at:
        set_preview(conversation, message)
    changed = [message]
    if was != _place(message):
        tx.after_commit(pending_share.forget, conversation.id, message.id)
        pairing = pair_shares(tx, conversation, message.sent_at, now)
        changed += pairing.changed
    if is_news:
        _ask_anew(tx, conversation, changed, now)
    mark_changed(tx, conversation, *changed)


def _place(message: Message) -> int | None:
    return message.share.combined_with_id if message.share else None


def _ask_anew(tx: Transaction, conversation: Conversation, changed: list[Message], now: datetime) -> None:
    """What is being answered is answered from the new text; what was answered already stays answered."""
    asked = changed[0]
    if asked.sender is not Sender.CUSTOMER:
        return
    turns.ask(tx, conversation, changed, now)
    turn = db.session.get(Turn, asked.turn_id) if asked.turn_id else None
    if turn is not None and turn.state is TurnState.OPEN:
        tx.after_commit(log_edited, asked.id, turn.id)
    turns.count_unanswered(conversation)


def log_edited(message_id: int, turn_id: int) -> None:
    log.info("✏️ Message %s was edited before its answer - turn %s is answered from the new text", message_id, turn_id)


def forget_early_edits(now: datetime) -> int:
    """Delete the edits whose message never came; return how many."""
    is_over = EarlyEdit.created_at <= now - EARLY_EDITS_KEPT
    found = len(db.session.scalars(db.select(EarlyEdit.id).where(is_over).limit(1000)).all())
    db.session.rollback()
    if found:
        with transaction():
            db.session.execute(delete(EarlyEdit).where(is_over))
    return found
