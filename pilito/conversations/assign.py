"""Who of the shop holds a conversation: given to somebody, or to nobody in particular."""

from datetime import datetime

from pilito.conversations import turns
from pilito.conversations.came_back import forget_marks, see_to
from pilito.conversations.drafts import go_stale
from pilito.conversations.lock import get_locked, mark_changed, refuse_blocked
from pilito.conversations.notify import notify
from pilito.conversations.take_over import hold
from pilito.database import Transaction, transaction
from pilito.errors import Refused
from pilito.lifecycle import ConversationState, NotificationKind, Role
from pilito.models import Audit, Conversation, Operator, db


def assign(conversation_id: int, to_id: int, operator_id: int | None, now: datetime) -> None:
    """This person holds the conversation from now on, and is told. Put off, it stays so: it comes back to them.

    Raises Refused (assignee_unknown) for somebody who may not answer here.
    """
    with transaction() as tx:
        conversation = get_locked(conversation_id)
        refuse_blocked(conversation)
        person = db.session.get(Operator, to_id)
        if person is None or not person.active or not person.may(Role.AGENT):
            raise Refused("assignee_unknown", f"There is nobody {to_id} who may answer.")
        had_come_back = conversation.returned_at is not None
        see_to(conversation)
        if hold(conversation, to_id, "assigned", now):
            _note(conversation, to_id, operator_id, now)
            notify(tx, to_id, NotificationKind.ASSIGNED, conversation, now, by_id=operator_id)
        elif not had_come_back:
            return
        mark_changed(tx, conversation)


def assign_nobody(conversation_id: int, operator_id: int | None, now: datetime) -> None:
    """It needs a person, whoever comes first."""
    with transaction() as tx:
        conversation = get_locked(conversation_id)
        refuse_blocked(conversation)
        to_nobody(tx, conversation, operator_id, now)


def to_nobody(tx: Transaction, conversation: Conversation, operator_id: int | None, now: datetime) -> None:
    """The same, for a conversation that is locked."""
    if conversation.state is ConversationState.HANDED_OVER:
        return
    turns.drop(conversation, "assigned to nobody", now)
    go_stale(conversation, "taken_over")
    forget_marks(conversation)
    conversation.state = ConversationState.HANDED_OVER
    conversation.operator_id = conversation.hand_over_reason = None
    conversation.epoch += 1
    _note(conversation, None, operator_id, now)
    mark_changed(tx, conversation)


def _note(conversation: Conversation, to_id: int | None, operator_id: int | None, now: datetime) -> None:
    details = {"to": to_id}
    db.session.add(
        Audit(at=now, action="assigned", operator_id=operator_id, conversation_id=conversation.id, details=details)
    )
