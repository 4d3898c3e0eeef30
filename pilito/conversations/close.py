"""A conversation is done; the customer's next message opens it again."""

from datetime import datetime

from pilito.conversations import turns
from pilito.conversations.before import lies
from pilito.conversations.came_back import forget_marks
from pilito.conversations.drafts import discard_waiting
from pilito.conversations.lock import get_locked, mark_changed
from pilito.conversations.seen import Seen, refuse_if_changed
from pilito.database import transaction
from pilito.lifecycle import ConversationState
from pilito.models import Audit, Conversation, db


def close(conversation_id: int, operator_id: int | None, now: datetime, seen: Seen | None = None) -> int | None:
    """Close it; return the audit row by which it can be taken back, or None where it was closed before.

    Raises Refused (moved_on) when the customer wrote since the person looked.
    """
    with transaction() as tx:
        conversation = get_locked(conversation_id)
        if conversation.state is ConversationState.CLOSED:
            return None
        refuse_if_changed(conversation, seen)
        before = lies(conversation)
        end(conversation, operator_id, "closed", now)
        details = {"before": before, "epoch": conversation.epoch}
        row = Audit(at=now, action="closed", operator_id=operator_id, conversation_id=conversation.id, details=details)
        db.session.add(row)
        db.session.flush()
        mark_changed(tx, conversation)
        return row.id


def end(conversation: Conversation, operator_id: int | None, why: str, now: datetime) -> None:
    """Nobody waits here, and nothing of the assistant leaves any more; the caller writes down who wanted it."""
    turns.drop(conversation, why, now)
    discard_waiting(conversation, operator_id, now)
    conversation.state = ConversationState.CLOSED
    conversation.operator_id = None
    conversation.hand_over_reason = None
    conversation.epoch += 1
    conversation.unanswered_since = None
    conversation.unread_count = 0
    forget_marks(conversation)
