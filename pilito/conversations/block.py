"""The shop wants nothing of a customer any more: what they write is kept and can be read, and nobody is called."""

from datetime import datetime

from pilito.conversations.close import end
from pilito.conversations.lock import mark_changed
from pilito.conversations.merge import get_locked_person
from pilito.database import transaction
from pilito.lifecycle import ConversationState
from pilito.models import Audit, Conversation, db


def block(conversation_id: int, operator_id: int | None, now: datetime) -> None:
    """Block the customer, with every account that people called the same person; their conversations are closed.

    Raises Refused (not_found, changed_meanwhile).
    """
    with transaction() as tx:
        for conversation in get_locked_person(conversation_id):
            if conversation.is_blocked:
                continue
            if conversation.state is not ConversationState.CLOSED:
                end(conversation, operator_id, "blocked", now)
            # What a closed conversation may still have: a draft is none of it, but a dot is.
            conversation.unread_count, conversation.unanswered_since = 0, None
            conversation.customer.blocked_at = now
            _note("blocked", conversation, operator_id, now)
            mark_changed(tx, conversation)


def unblock(conversation_id: int, operator_id: int | None, now: datetime) -> None:
    """Hear the customer again, from their next message on; nothing is opened, and nothing answered that came."""
    with transaction() as tx:
        for conversation in get_locked_person(conversation_id):
            if conversation.is_blocked:
                conversation.customer.blocked_at = None
                _note("unblocked", conversation, operator_id, now)
                mark_changed(tx, conversation)


def _note(action: str, conversation: Conversation, operator_id: int | None, now: datetime) -> None:
    db.session.add(Audit(at=now, action=action, operator_id=operator_id, conversation_id=conversation.id))
