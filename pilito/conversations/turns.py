"""The open turn of a conversation: what came into it, when it is due, when it ends without an answer."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import and_, bindparam, func, select

from pilito import hints, keys
from pilito.channels.base import STANDBY
from pilito.conversations.duty import Duty, duty_of, is_off
from pilito.conversations.hand_over import hand_over
from pilito.conversations.lock import mark_changed
from pilito.conversations.pairing import CONTEXT_BEGIN
from pilito.conversations.said import IS_REACTION, OF_MESSAGE
from pilito.database import Transaction
from pilito.extensions import channels, settings
from pilito.lifecycle import (
    SILENT_TYPES,
    AssistantMode,
    ConversationState,
    DeliveryState,
    HandOverReason,
    MessageType,
    Sender,
    TurnState,
)
from pilito.models import Audit, Conversation, Delivery, Inbox, Message, Turn, db

# The origin of a message that no event brought, and the time in which it is still answered as if one had: an answer out
# of the blue, hours later, helps nobody.
RECONCILIATION = "reconciliation"
ANSWER_FOUND_WITHIN = timedelta(minutes=15)
UNFINISHED = (TurnState.OPEN, TurnState.GENERATING)
# Asked at every step of an answer, so built once.
FIND_UNFINISHED = (
    select(Turn)
    .where(Turn.conversation_id == bindparam("conversation"), Turn.state.in_(UNFINISHED))
    .execution_options(populate_existing=True)
)
IS_UNANSWERED = and_(
    Message.conversation_id == bindparam("conversation"),
    Message.sender == Sender.CUSTOMER,
    Message.answered_by_id.is_(None),
    Message.deleted_at.is_(None),
    Message.sent_at >= bindparam("since"),
)
FIND_UNANSWERED = select(Message).where(IS_UNANSWERED).order_by(Message.sent_at, Message.id)
_HAS_FAILED = OF_MESSAGE.where(Delivery.state == DeliveryState.FAILED).exists()
# What people wrote and is not lost: it answers all that came before it (take_over.py).
IS_PERSONS_ANSWER = and_(
    Message.sender.in_((Sender.OPERATOR, Sender.PHONE)),
    Message.deleted_at.is_(None),
    ~_HAS_FAILED,
    ~IS_REACTION,
)


def first_state(inbox: Inbox, conversation: Conversation | None = None) -> ConversationState:
    """Who answers a new or reopened conversation."""
    return ConversationState.OPERATOR if is_off(inbox, conversation) else ConversationState.ASSISTANT


def ask(tx: Transaction, conversation: Conversation, messages: Iterable[Message], now: datetime) -> None:
    """Put what the customer asked into the open turn, which moves its time; nothing happens where people answer."""
    asking = [message for message in messages if asks(message)]
    if not asking or conversation.state is not ConversationState.ASSISTANT:
        return
    duty = duty_of(conversation, now)
    if duty.mode is AssistantMode.OFF:
        leave_to_people(tx, conversation, duty, now)
        return
    if all(is_too_old(conversation, message, now) for message in asking):
        hand_over(tx, conversation, HandOverReason.TOO_OLD, "", now)
        return
    turn = find_unfinished(conversation.id)
    if turn is None:
        turn = Turn(
            conversation_id=conversation.id, opened_at=now, due_at=now, state=TurnState.OPEN, version=0, attempt=0
        )
        db.session.add(turn)
    elif _must_be_finished(turn, asking, now):
        # The burst has lasted as long as it may: this answer is finished without them, and the next turn takes them.
        # Dropping the draft again and again would leave an endless stream without any answer.
        return
    for message in asking:
        message.turn = turn
    touch(tx, turn, now)


def leave_to_people(tx: Transaction, conversation: Conversation, duty: Duty, now: datetime) -> None:
    """The assistant holds the conversation, and may not answer it: it was switched off, or the hour is not its own."""
    if duty.reason is not None:
        hand_over(tx, conversation, duty.reason, "", now)
        return
    drop(conversation, "assistant off", now)
    conversation.state = ConversationState.OPERATOR
    conversation.epoch += 1
    mark_changed(tx, conversation)


def _must_be_finished(turn: Turn, asking: list[Message], now: datetime) -> bool:
    """Whether the answer being written goes out as it is, because the burst is over its time."""
    is_late = turn.state is TurnState.GENERATING and now >= last_due_at(turn)
    return is_late and not any(message.turn_id == turn.id for message in asking)


def asks(message: Message) -> bool:
    """Whether somebody must answer this message."""
    if message.sender is not Sender.CUSTOMER or message.deleted_at or message.answered_by_id:
        return False
    if message.conversation.is_blocked:
        return False
    if message.origin == STANDBY:
        return False  # another app holds the conversation, and answers
    if message.message_type is MessageType.SHARE:
        taken_by = message.share.combined_with_id if message.share is not None else None
        return taken_by is not None and taken_by == message.id  # before its first flush neither has a number
    # What points at something begins with our own label, unless we wrote it as an answer.
    return message.message_type not in SILENT_TYPES or message.content.startswith(CONTEXT_BEGIN)


def is_too_old(conversation: Conversation, message: Message, now: datetime) -> bool:
    """Whether the time is over in which the assistant may answer this message (a webhook replayed, or very late)."""
    if message.origin == RECONCILIATION:
        return now - message.sent_at > ANSWER_FOUND_WITHIN
    window = channels[conversation.inbox.channel].reply_window
    return window is not None and now - message.sent_at > window


def touch(tx: Transaction, turn: Turn, now: datetime) -> None:
    """Something came into the turn: a draft on the old version is void, and the quiet period begins again."""
    turn.version += 1
    turn.state = TurnState.OPEN
    turn.lease_until = None
    turn.due_at = min(now + timedelta(seconds=settings.reply_quiet_seconds), last_due_at(turn))
    tx.after_commit(wake, turn, now)


def start_over(tx: Transaction, conversation: Conversation, now: datetime) -> None:
    """What the answer being written was given to read is gone, or says something else: that draft is void."""
    turn = find_unfinished(conversation.id)
    if turn is not None and turn.state is TurnState.GENERATING:
        touch(tx, turn, now)


def wait(tx: Transaction, turn: Turn, until: datetime, now: datetime) -> None:
    """Look at the turn again later, as it is."""
    turn.state, turn.lease_until, turn.due_at = TurnState.OPEN, None, until
    tx.after_commit(wake, turn, now)


def go_on(tx: Transaction, conversation: Conversation, message: Message, now: datetime) -> None:
    """A file that the message's turn waited for was read, or never will be: a draft without it is void."""
    turn = find_unfinished(conversation.id)
    if turn is None or message.turn_id != turn.id:
        return
    touch(tx, turn, now)
    newest = db.session.scalar(select(func.max(Message.created_at)).where(Message.turn_id == turn.id)) or now
    # The quiet period has run beside the reading.
    turn.due_at = max(now, min(newest + timedelta(seconds=settings.reply_quiet_seconds), last_due_at(turn)))


def last_due_at(turn: Turn) -> datetime:
    return turn.opened_at + timedelta(seconds=settings.reply_quiet_max_seconds)


def wake(turn: Turn, now: datetime) -> None:
    """Have a worker look at the turn when it is due."""
    if turn.due_at <= now:
        hints.hint(keys.REPLIES, keys.ANSWER_JOB, turn.id)
    else:
        hints.hint_at(turn.due_at, f"answer-{turn.id}-{turn.version}", keys.REPLIES, keys.ANSWER_JOB, turn.id)


def find_unfinished(conversation_id: int) -> Turn | None:
    return db.session.scalar(FIND_UNFINISHED, {"conversation": conversation_id})


def ask_again(conversation: Conversation, questions: Iterable[Message], now: datetime) -> None:
    """Take a conversation back from people who have not looked at it: the assistant did not know the answer, and now
    a post came late that its question belongs to. What it is asked then is the caller's."""
    was_not_known = conversation.hand_over_reason is HandOverReason.NOT_KNOWN
    if conversation.state is ConversationState.HANDED_OVER and was_not_known and any(map(asks, questions)):
        conversation.state, conversation.hand_over_reason = ConversationState.ASSISTANT, None
        conversation.epoch += 1
        db.session.add(Audit(at=now, action="asked_again", conversation_id=conversation.id))


def drop(conversation: Conversation, why: str, now: datetime) -> None:
    """End the open turn without an answer of the assistant."""
    turn = find_unfinished(conversation.id)
    if turn is not None:
        turn.state = TurnState.DROPPED
        turn.ended_at, turn.ended_why = now, why


def ask_unanswered(tx: Transaction, conversation: Conversation, now: datetime) -> None:
    """Open a turn for everything that nobody has answered yet."""
    ask(tx, conversation, unanswered(conversation), now)


def unanswered(conversation: Conversation) -> list[Message]:
    """The customer's messages that wait for somebody, in the order they were sent."""
    if conversation.unanswered_since is None:
        return []
    waiting = db.session.scalars(
        FIND_UNANSWERED, {"conversation": conversation.id, "since": conversation.unanswered_since}
    )
    return [message for message in waiting if asks(message)]


def unanswer(conversation: Conversation, reply: Message) -> list[Message]:
    """Nothing of this reply reached the customer, who therefore still waits, unless a person has replied since: return
    what they wait with."""
    if any(part.state is DeliveryState.SENT for part in reply.deliveries):
        return []
    answered = db.session.scalars(
        select(Message)
        .where(Message.answered_by_id == reply.id, Message.deleted_at.is_(None))
        .order_by(Message.sent_at)
    ).all()
    replied = replied_by_people(conversation, reply)
    for question in answered:
        question.answered_by_id = next((one.id for one in replied if question.created_at <= one.created_at), None)
    waiting = [question for question in answered if question.answered_by_id is None]
    wait_with(conversation, waiting)
    return waiting


def wait_with(conversation: Conversation, freed: Sequence[Message]) -> None:
    """The customer waits with what lost its answer (`unanswer`); in a closed conversation nobody does."""
    if freed and conversation.state is not ConversationState.CLOSED:
        note_waiting(conversation, freed[0])
        count_unanswered(conversation)  # a lone share among them waits for nobody


def replied_by_people(conversation: Conversation, reply: Message) -> Sequence[Message]:
    """What people wrote after this reply."""
    return db.session.scalars(
        select(Message)
        .where(Message.conversation_id == conversation.id, Message.id > reply.id, IS_PERSONS_ANSWER)
        .order_by(Message.id)
    ).all()


def note_waiting(conversation: Conversation, message: Message) -> None:
    """The customer waits for an answer to this message, and perhaps to earlier ones."""
    since = conversation.unanswered_since
    conversation.unanswered_since = min(since, message.sent_at) if since else message.sent_at


def count_unanswered(conversation: Conversation) -> None:
    """Bring `unanswered_since` up to date after an answer or an unsend."""
    db.session.flush()
    waiting = unanswered(conversation)
    conversation.unanswered_since = waiting[0].sent_at if waiting else None
