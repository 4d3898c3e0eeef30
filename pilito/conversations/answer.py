"""Answer a turn: claim it, ask the assistant with no session open, record the reply if nothing newer came."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import joinedload

from pilito.assistant.compose import compose
from pilito.assistant.types import Fact, HandOver, Line, Model, Reply, TurnInput, Working
from pilito.clock import Clock
from pilito.conversations import lease, turns
from pilito.conversations.comments import comment_line, comments_behind
from pilito.conversations.hand_over import hand_over
from pilito.conversations.lock import get_locked, mark_changed
from pilito.conversations.outbox import add_reply
from pilito.database import Transaction, transaction
from pilito.extensions import channels
from pilito.lifecycle import (
    AssistantMode,
    ConversationState,
    HandOverReason,
    MessageType,
    Sender,
    ShareState,
    TurnState,
)
from pilito.models import Comment, Conversation, Message, Proof, Share, Turn, db

log = logging.getLogger(__name__)

HISTORY_MESSAGES = 20
EARLIER_CAPTIONS = 3
READABLE_TYPES = {MessageType.TEXT, MessageType.POSTBACK, MessageType.SHARE}
MEDIA_TYPES = {MessageType.IMAGE, MessageType.VIDEO, MessageType.VOICE, MessageType.FILE}


@dataclass(frozen=True)
class Claim:
    """An attempt at a turn: what it was built on, so that a newer state can void it."""

    turn_id: int
    conversation_id: int
    attempt: int
    version: int
    epoch: int
    message_ids: tuple[int, ...]
    unreadable: HandOverReason | None
    input: TurnInput


def answer(turn_id: int, model: Model, clock: Clock) -> None:
    """Answer the turn if it is due and nobody else does; harmless to call at any time, however often."""
    claim = _claim(turn_id, clock())
    if claim is None:
        return
    with lease.held(claim.turn_id, claim.attempt):
        outcome = HandOver(claim.unreadable) if claim.unreadable else _compose(claim, model)
    _record(claim, outcome, clock())


def _compose(claim: Claim, model: Model) -> Reply | HandOver:
    """Ask the assistant; what breaks it goes to a person, for the sweep would ask it again for ever."""
    try:
        return compose(claim.input, model)
    except Exception as error:
        log.exception("Turn %s broke the assistant.", claim.turn_id)
        return HandOver(HandOverReason.MODEL_FAILED, type(error).__name__)


def _claim(turn_id: int, now: datetime) -> Claim | None:
    turn = db.session.get(Turn, turn_id)
    conversation_id = turn.conversation_id if turn else None
    if conversation_id is None:
        return None
    with transaction() as tx:
        conversation = get_locked(conversation_id)
        turn = turns.find_unfinished(conversation_id)
        if turn is None or turn.id != turn_id or not _is_free(turn, now):
            return None
        messages = _gather(conversation, turn)
        if not messages or conversation.state is not ConversationState.ASSISTANT:
            turns.drop(conversation, "nothing to answer", now)
            return None
        turn.state = TurnState.GENERATING
        turn.attempt += 1
        turn.lease_until = now + timedelta(seconds=lease.LEASE_SECONDS)
        mark_changed(tx, conversation)
        return Claim(
            turn_id=turn.id,
            conversation_id=conversation.id,
            attempt=turn.attempt,
            version=turn.version,
            epoch=conversation.epoch,
            message_ids=tuple(message.id for message in messages),
            unreadable=_unreadable(messages),
            input=_input(conversation, messages),
        )


def _is_free(turn: Turn, now: datetime) -> bool:
    if turn.state is TurnState.OPEN:
        return turn.due_at <= now
    return turn.lease_until is None or turn.lease_until <= now


def _gather(conversation: Conversation, turn: Turn) -> list[Message]:
    """Everything that nobody has answered belongs to the turn, also what came while an answer was being written."""
    messages = turns.unanswered(conversation)
    for message in messages:
        message.turn_id = turn.id
    return messages


def _unreadable(messages: list[Message]) -> HandOverReason | None:
    """The reason why a person must look, where the assistant cannot read what came."""
    types = {message.message_type for message in messages} - READABLE_TYPES
    if not types:
        return None
    return HandOverReason.MEDIA if types <= MEDIA_TYPES else HandOverReason.UNREADABLE


def _input(conversation: Conversation, messages: list[Message]) -> TurnInput:
    earlier = _earlier(conversation, messages)
    comments = comments_behind(conversation, earlier)
    return TurnInput(
        shop_name=conversation.inbox.name,
        questions=tuple(message.content for message in messages),
        history=(
            *(Line(Sender.CUSTOMER, comment_line(comment)) for comment in comments),
            *(Line(message.sender, message.content) for message in reversed(earlier)),
        ),
        facts=(*_facts(messages, earlier), *_commented(comments)),
    )


def _commented(comments: Sequence[Comment]) -> tuple[Fact, ...]:
    """The captions of the posts under which the customer had written before we wrote privately.

    What the customer wrote there is history and no fact: else anybody could write a price into the facts.
    """
    posts = {comment.own_post.id: comment.own_post for comment in comments if comment.own_post}
    return tuple(
        Fact("commented_caption", post.caption, reference=post.media_id) for post in posts.values() if post.caption
    )


def _earlier(conversation: Conversation, messages: list[Message]) -> Sequence[Message]:
    """What was said before this turn, newest first."""
    return db.session.scalars(
        select(Message)
        .where(
            Message.conversation_id == conversation.id,
            Message.id.not_in([message.id for message in messages]),
            Message.sent_at <= messages[-1].sent_at,
            Message.deleted_at.is_(None),
        )
        .order_by(Message.sent_at.desc(), Message.id.desc())
        .limit(HISTORY_MESSAGES)
    ).all()


def _facts(messages: Sequence[Message], earlier: Sequence[Message]) -> tuple[Fact, ...]:
    """The captions of the posts that this turn asks about, then of the newest that were shared or asked about before.

    Those have a source of their own: the price of an earlier post is not the price of this one.
    """
    asked_now = _captions(Share.combined_with_id.in_([message.id for message in messages]))
    ids = [message.id for message in earlier]
    left_alone = and_(Share.message_id.in_(ids), Share.state == ShareState.EXPIRED)
    asked_before = _captions(or_(Share.combined_with_id.in_(ids), left_alone))[-EARLIER_CAPTIONS:]
    return (
        *(Fact("caption", share.full_caption or "", reference=str(share.message_id)) for share in asked_now),
        *(
            Fact("earlier_caption", share.full_caption or "", reference=str(share.message_id))
            for share in asked_before[::-1]
        ),
    )


def _captions(which: ColumnElement[bool]) -> Sequence[Share]:
    """The shares with a caption, oldest first."""
    found = db.session.scalars(
        select(Share)
        .where(which, or_(Share.caption != "", Share.own_post_id.is_not(None)))
        .options(joinedload(Share.own_post))
        .order_by(Share.sent_at, Share.id)
    )
    return [share for share in found if share.full_caption]


# --- recording -------------------------------------------------------------------------------------------------------


def _record(claim: Claim, outcome: Reply | HandOver, now: datetime) -> None:
    """Write the outcome, unless something newer came, a person took over, or another attempt is at it."""
    with transaction() as tx:
        conversation = get_locked(claim.conversation_id)
        turn = turns.find_unfinished(claim.conversation_id)
        if turn is None or not _still_holds(claim, conversation, turn):
            log.info("The draft for turn %s was dropped: something newer came.", claim.turn_id)
            return
        if conversation.inbox.assistant_mode is not AssistantMode.AUTO:
            turns.leave_to_people(tx, conversation, now)
            return
        if isinstance(outcome, HandOver):
            hand_over(tx, conversation, outcome.reason, outcome.detail, now)
            return
        permission = channels[conversation.inbox.channel].may_send(False, conversation.last_customer_message_at, now)
        if not permission:
            hand_over(tx, conversation, HandOverReason.TOO_OLD, permission.reason, now)
            return
        _record_reply(tx, conversation, turn, claim, outcome, now)


def _still_holds(claim: Claim, conversation: Conversation, turn: Turn) -> bool:
    return (
        turn.id == claim.turn_id
        and turn.state is TurnState.GENERATING
        and turn.attempt == claim.attempt
        and turn.version == claim.version
        and conversation.epoch == claim.epoch
        and conversation.state is ConversationState.ASSISTANT
    )


def _record_reply(
    tx: Transaction, conversation: Conversation, turn: Turn, claim: Claim, reply: Reply, now: datetime
) -> None:
    message = add_reply(tx, conversation, Sender.ASSISTANT, reply.text, now)
    message.answers_turn_id = turn.id
    message.proof = _proof(reply.working)
    turn.state = TurnState.ANSWERED
    turn.ended_at, turn.lease_until = now, None
    for answered in db.session.scalars(select(Message).where(Message.id.in_(claim.message_ids))):
        answered.answered_by_id = message.id
    turns.count_unanswered(conversation)
    turns.ask_unanswered(tx, conversation, now)
    mark_changed(tx, conversation, message)


def _proof(working: Working) -> Proof:
    return Proof(
        model=working.model[:128],
        prompt_hash=working.prompt_hash,
        facts=[{"source": fact.source, "text": fact.text, "reference": fact.reference} for fact in working.facts],
        checks=list(working.checks),
        input_tokens=working.input_tokens,
        output_tokens=working.output_tokens,
        milliseconds=working.milliseconds,
    )
