"""The assistant gives a conversation to people: a state with a reason, never a phrase."""

from datetime import datetime

from sqlalchemy import select

from pilito.conversations.lock import mark_changed
from pilito.database import Transaction
from pilito.lifecycle import ConversationState, HandOverReason, TurnState
from pilito.models import Audit, Conversation, Turn, db


def hand_over(tx: Transaction, conversation: Conversation, reason: HandOverReason, detail: str, now: datetime) -> None:
    """Hand a conversation that the assistant holds to people; where people hold it already, nothing changes."""
    if conversation.state is ConversationState.ASSISTANT:
        call_people(tx, conversation, reason, detail, now)


def call_people(
    tx: Transaction, conversation: Conversation, reason: HandOverReason, detail: str, now: datetime
) -> None:
    """Put the conversation before people, also one that a person holds and may have looked away from."""
    conversation.state = ConversationState.HANDED_OVER
    conversation.hand_over_reason = reason
    conversation.epoch += 1
    _end_turn(conversation, now, reason)
    details = {"reason": reason.value, "detail": detail[:300]}
    db.session.add(Audit(at=now, action="handed_over", conversation_id=conversation.id, details=details))
    mark_changed(tx, conversation)


def _end_turn(conversation: Conversation, now: datetime, reason: HandOverReason) -> None:
    turn = db.session.scalar(
        select(Turn).where(
            Turn.conversation_id == conversation.id, Turn.state.in_((TurnState.OPEN, TurnState.GENERATING))
        )
    )
    if turn is not None:
        turn.state = TurnState.HANDED_OVER
        turn.ended_at, turn.ended_why = now, reason.value
