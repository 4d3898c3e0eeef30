"""What happened to a conversation besides messages: one line in its thread."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import select

from pilito.channels.base import Notice, Opened
from pilito.conversations.find import find_conversation
from pilito.conversations.lock import mark_changed
from pilito.conversations.outcome import Outcome
from pilito.conversations.store import get_conversation
from pilito.database import Transaction
from pilito.lifecycle import EventOutcome
from pilito.models import Audit, Conversation, Inbox, db

REFERRED = "referred"


def take_notice(tx: Transaction, inbox: Inbox, item: Notice, now: datetime) -> Outcome:  # noqa: ARG001
    """Tell it in the conversation's thread; without a conversation it stays on the ledger."""
    conversation = find_conversation(inbox, item.customer_id)
    if conversation is None:
        return Outcome(EventOutcome.IGNORED, item.reason)
    return _tell(tx, conversation, item.what, item.at, {"detail": item.detail} if item.detail else {})


def take_opening(tx: Transaction, inbox: Inbox, item: Opened, now: datetime) -> Outcome:
    """Note where the customer came from, as a line in the thread and as context of what is asked next."""
    conversation = get_conversation(inbox, item.customer_id, now)
    referral = {name: value for name, value in asdict(item.referral).items() if value}
    outcome = _tell(tx, conversation, REFERRED, item.at, referral)
    if outcome.outcome is EventOutcome.STORED:
        if conversation.referred_at is None or item.at >= conversation.referred_at:
            conversation.referral, conversation.referred_at = referral, item.at
        # An advertisement or link opens the provider's reply window as a message does.
        newest = conversation.last_customer_message_at
        conversation.last_customer_message_at = max(newest, item.at) if newest else item.at
    return outcome


def _tell(tx: Transaction, conversation: Conversation, action: str, at: datetime, details: dict[str, Any]) -> Outcome:
    """Add the line once: these events have no id, so their kind and the provider's time stand for one."""
    told = select(Audit.id).where(Audit.conversation_id == conversation.id, Audit.action == action, Audit.at == at)
    if db.session.scalar(told.limit(1)) is not None:
        return Outcome(EventOutcome.DUPLICATE)
    db.session.add(Audit(at=at, action=action, conversation_id=conversation.id, details=details))
    mark_changed(tx, conversation)
    return Outcome(EventOutcome.STORED)
