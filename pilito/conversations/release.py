"""Whoever may not answer any more holds nothing: what waits is before everybody, the rest is nobody's in particular."""

from datetime import datetime

from sqlalchemy import or_, select

from pilito.conversations.assign import to_nobody
from pilito.conversations.lock import get_locked, mark_changed
from pilito.conversations.one_by_one import one_by_one
from pilito.database import transaction
from pilito.lifecycle import ConversationState, Role
from pilito.models import Conversation, Operator, db

BATCH = 100


def release_lost(now: datetime) -> int:
    """Let go of conversations whose holder was deactivated, or made viewer; return how many."""
    may_not_answer = or_(~Operator.active, Operator.role == Role.VIEWER)
    held_by_nobody = (
        select(Conversation.id)
        .where(
            Conversation.operator_id.in_(select(Operator.id).where(may_not_answer)),
            Conversation.state == ConversationState.OPERATOR,
        )
        .order_by(Conversation.id)
        .limit(BATCH)
    )
    ids = db.session.scalars(held_by_nobody).all()
    return one_by_one("released", ids, lambda conversation_id: _release(conversation_id, now))


def _release(conversation_id: int, now: datetime) -> bool:
    with transaction() as tx:
        conversation = get_locked(conversation_id)
        holder = db.session.get(Operator, conversation.operator_id) if conversation.operator_id else None
        if holder is None or conversation.state is not ConversationState.OPERATOR:
            return False
        if holder.active and holder.may(Role.AGENT):
            return False
        is_waiting = conversation.unanswered_since is not None and conversation.snoozed_until is None
        if not is_waiting or conversation.is_blocked:
            conversation.operator_id = None
            mark_changed(tx, conversation)
        else:
            to_nobody(tx, conversation, None, now)
        return True
