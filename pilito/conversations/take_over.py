"""Who answers: a person takes a conversation, or gives it back to the assistant."""

from datetime import datetime

from sqlalchemy import ColumnElement, update

from pilito.conversations import turns
from pilito.conversations.came_back import forget_marks
from pilito.conversations.drafts import go_stale
from pilito.conversations.duty import duty_of
from pilito.conversations.lock import get_locked, mark_changed, refuse_blocked
from pilito.database import transaction
from pilito.errors import Refused
from pilito.lifecycle import AssistantMode, ConversationState, Sender
from pilito.models import Audit, Conversation, Message, db


def take_over(conversation_id: int, operator_id: int | None, now: datetime) -> None:
    """A person takes the conversation; whatever the assistant was writing is dropped."""
    with transaction() as tx:
        conversation = get_locked(conversation_id)
        refuse_blocked(conversation)
        to_people(conversation, operator_id, "taken over", now)
        mark_changed(tx, conversation)


def give_back(conversation_id: int, operator_id: int | None, now: datetime) -> None:
    """The assistant answers again, beginning with what nobody has answered."""
    with transaction() as tx:
        conversation = get_locked(conversation_id)
        if conversation.state is ConversationState.ASSISTANT:
            return
        refuse_blocked(conversation)
        _refuse_if_off(conversation, now)
        to_assistant(conversation, operator_id, now)
        turns.ask_unanswered(tx, conversation, now)
        mark_changed(tx, conversation)


def to_assistant(conversation: Conversation, operator_id: int | None, now: datetime, **details: object) -> None:
    """Put the assistant in charge; what it is asked then is the caller's."""
    go_stale(conversation, "given_back")
    conversation.state = ConversationState.ASSISTANT
    conversation.operator_id = None
    conversation.hand_over_reason = None
    conversation.epoch += 1
    forget_marks(conversation)
    _note("gave_back", conversation, operator_id, now, **details)


def _refuse_if_off(conversation: Conversation, now: datetime) -> None:
    """Given to an assistant that does not work, it would come back at once, without a word."""
    duty = duty_of(conversation, now)
    if duty.mode is AssistantMode.OFF:
        raise Refused(f"assistant_{duty.reason or 'off'}", "The assistant does not answer here now.")


def to_people(conversation: Conversation, operator_id: int | None, why: str, now: datetime) -> None:
    """Put people in charge: a new epoch, so that nothing of the assistant leaves any more."""
    if conversation.is_blocked:
        return  # somebody wrote from the phone: that opens nothing here
    if hold(conversation, operator_id, why, now):
        _note("took_over", conversation, operator_id, now)
    conversation.person_at = now  # also of who takes what people hold already


def hold(conversation: Conversation, operator_id: int | None, why: str, now: datetime) -> bool:
    """Let this person hold it, or some person (None); return whether that changes anything. The caller notes it."""
    is_held = conversation.state is ConversationState.OPERATOR
    if is_held and (operator_id is None or conversation.operator_id == operator_id):
        return False
    if not is_held:
        conversation.epoch += 1
        turns.drop(conversation, why, now)
        forget_marks(conversation)
    go_stale(conversation, "taken_over")
    conversation.person_at = now
    conversation.state = ConversationState.OPERATOR
    conversation.operator_id = operator_id
    conversation.hand_over_reason = None
    return True


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


def _note(action: str, conversation: Conversation, operator_id: int | None, now: datetime, **details: object) -> None:
    row = Audit(at=now, action=action, operator_id=operator_id, conversation_id=conversation.id, details=details)
    db.session.add(row)
