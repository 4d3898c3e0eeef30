"""The assistant gives a conversation to people: a state with a reason, never a phrase."""

from datetime import datetime

from sqlalchemy import bindparam, select

from pilito.conversations import outbox
from pilito.conversations.came_back import forget_marks
from pilito.conversations.disclose import line_due
from pilito.conversations.lock import mark_changed
from pilito.conversations.said import IS_SAID_BY_SHOP
from pilito.database import Transaction
from pilito.extensions import channels
from pilito.lifecycle import ConversationState, HandOverReason, InboxState, Sender, TurnState
from pilito.models import Audit, Conversation, Message, Turn, db

LINE = "hand_over"  # the origin of the line that tells a customer of the hand-over
# Where nothing can be sent, or nothing may be.
WITHOUT_LINE = {
    HandOverReason.STOPPED,
    HandOverReason.TOO_OLD,
    HandOverReason.DELIVERY_FAILED,
    HandOverReason.DELIVERY_UNKNOWN,
}
NEWEST_ORIGIN = (
    select(Message.origin)
    .where(
        Message.conversation_id == bindparam("conversation"),
        IS_SAID_BY_SHOP,
    )
    .order_by(Message.sent_at.desc(), Message.id.desc())
    .limit(1)
)


def hand_over(tx: Transaction, conversation: Conversation, reason: HandOverReason, detail: str, now: datetime) -> None:
    """Hand a conversation that the assistant holds to people; where people hold it already, nothing changes."""
    if conversation.state is ConversationState.ASSISTANT:
        call_people(tx, conversation, reason, detail, now)
        _say_line(tx, conversation, reason, now)


def call_people(
    tx: Transaction, conversation: Conversation, reason: HandOverReason, detail: str, now: datetime
) -> None:
    """Put the conversation before people, also one that a person holds and may have looked away from."""
    if conversation.is_blocked or conversation.customer.is_going:
        return  # it stays closed; a reply that failed says so itself
    conversation.state = ConversationState.HANDED_OVER
    conversation.hand_over_reason = reason
    conversation.epoch += 1
    forget_marks(conversation)
    _end_turn(conversation, now, reason)
    details = {"reason": reason.value, "detail": detail[:300]}
    db.session.add(Audit(at=now, action="handed_over", conversation_id=conversation.id, details=details))
    mark_changed(tx, conversation)


def _say_line(tx: Transaction, conversation: Conversation, reason: HandOverReason, now: datetime) -> None:
    """Tell the customer once that a person will see it, where the shop wrote a line for that.

    Not to somebody who asked nothing (a lone share), not after the time to answer, and not twice in a row: it leaves
    as the assistant's reply, so that whoever takes over before it went out stops it.
    """
    inbox = conversation.inbox
    is_late = reason is HandOverReason.OUTSIDE_HOURS
    line = ((inbox.outside_hours_line if is_late else None) or inbox.hand_over_line or "").strip()
    if not line or reason in WITHOUT_LINE or conversation.unanswered_since is None:
        return
    if inbox.state is InboxState.STOPPED:
        return  # it would come with the next connection, days later
    permission = channels[inbox.channel].may_send(False, conversation.last_customer_message_at, now)
    if not permission or db.session.scalar(NEWEST_ORIGIN, {"conversation": conversation.id}) == LINE:
        return
    machine_line = line_due(conversation, now)
    message = outbox.add_reply(conversation, Sender.ASSISTANT, line, now, machine_line=machine_line)
    message.origin = LINE
    outbox.leave(tx, conversation, message, now)
    mark_changed(tx, conversation, message)


def _end_turn(conversation: Conversation, now: datetime, reason: HandOverReason) -> None:
    turn = db.session.scalar(
        select(Turn).where(
            Turn.conversation_id == conversation.id, Turn.state.in_((TurnState.OPEN, TurnState.GENERATING))
        )
    )
    if turn is not None:
        turn.state = TurnState.HANDED_OVER
        turn.ended_at, turn.ended_why = now, reason.value
