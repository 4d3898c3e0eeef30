"""A person opens a closed conversation again, and holds it."""

from datetime import datetime

from pilito.conversations.lock import get_locked, mark_changed, refuse_blocked
from pilito.database import transaction
from pilito.lifecycle import ConversationState
from pilito.models import Audit, db


def reopen(conversation_id: int, operator_id: int | None, now: datetime) -> None:
    with transaction() as tx:
        conversation = get_locked(conversation_id)
        if conversation.state is not ConversationState.CLOSED:
            return
        refuse_blocked(conversation)
        conversation.state = ConversationState.OPERATOR
        conversation.operator_id = operator_id
        conversation.person_at = now
        conversation.epoch += 1
        db.session.add(Audit(at=now, action="reopened", operator_id=operator_id, conversation_id=conversation.id))
        mark_changed(tx, conversation)
