"""Who answers: a person takes a conversation, or gives it back to the assistant."""

from datetime import datetime

from sqlalchemy import ColumnElement, update

from pilito.conversations import turns
from pilito.conversations.lock import get_locked, mark_changed
from pilito.database import transaction
from pilito.lifecycle import ConversationState, Sender
from pilito.models import Audit, Conversation, Message, db


def take_over(conversation_id: int, operator_id: int | None, now: datetime) -> None:
    """A person takes the conversation; whatever the assistant was writing is dropped."""
    with transaction() as tx:
        conversation = get_locked(conversation_id)
        to_people(conversation, operator_id, "taken over", now)
        mark_changed(tx, conversation)


def give_back(conversation_id: int, operator_id: int | None, now: datetime) -> None:
    """The assistant answers again, beginning with what nobody has answered."""
    with transaction() as tx:
        conversation = get_locked(conversation_id)
        if conversation.state is ConversationState.ASSISTANT:
            return
        conversation.state = ConversationState.ASSISTANT
        conversation.operator_id = None
        conversation.hand_over_reason = None
        conversation.epoch += 1
        _note("gave_back", conversation, operator_id, now)
        turns.ask_unanswered(tx, conversation, now)
        mark_changed(tx, conversation)


def to_people(conversation: Conversation, operator_id: int | None, why: str, now: datetime) -> None:
    """Put people in charge: a new epoch, so that nothing of the assistant leaves any more."""
    is_held = conversation.state is ConversationState.OPERATOR
    if is_held and (operator_id is None or conversation.operator_id == operator_id):
        return
    if not is_held:
        conversation.epoch += 1
        turns.drop(conversation, why, now)
    conversation.state = ConversationState.OPERATOR
    conversation.operator_id = operator_id
    conversation.hand_over_reason = None
    _note("took_over", conversation, operator_id, now)


def settle_answered(conversation: Conversation, reply: Message, came_before: ColumnElement[bool]) -> None:
    """A person's reply answers everything of the customer that came before it."""
    db.session.execute(
        update(Message)
        .where(
            Message.conversation_id == conversation.id,
            Message.sender == Sender.CUSTOMER,
            Message.answered_by_id.is_(None),
            came_before,
        )
        .values(answered_by_id=reply.id)
        .execution_options(synchronize_session="fetch")
    )
    turns.count_unanswered(conversation)


def _note(action: str, conversation: Conversation, operator_id: int | None, now: datetime) -> None:
    db.session.add(Audit(at=now, action=action, operator_id=operator_id, conversation_id=conversation.id))
