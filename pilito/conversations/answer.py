"""Answer a turn: claim it, ask the assistant with no session open, record the reply if nothing newer came."""

import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, or_, select, update
from sqlalchemy.orm import joinedload

from pilito import failpoints
from pilito.assistant.check import kinds_of
from pilito.assistant.compose import compose
from pilito.assistant.repeated import asks_in_vain
from pilito.assistant.types import Fact, HandOver, Line, Model, Reply, TurnInput, Working
from pilito.clock import Clock
from pilito.conversations import deliver, lease, outbox, signals, spending, turns
from pilito.conversations.comments import comment_line, commented_facts, comments_behind
from pilito.conversations.context import (
    Said,
    as_asked,
    asks_elsewhere,
    contexts_of,
    line_of,
    product_facts,
    referral_facts,
)
from pilito.conversations.disclose import line_due
from pilito.conversations.drafts import go_stale, keep_draft
from pilito.conversations.duty import duty_of
from pilito.conversations.facts import Place, facts_of
from pilito.conversations.hand_over import hand_over
from pilito.conversations.instructions import instructions_of
from pilito.conversations.lock import get_locked, mark_changed
from pilito.conversations.own_posts import knows_own_posts
from pilito.conversations.pair import POINTERS, pair_after
from pilito.conversations.post_facts import posts_behind, with_posts
from pilito.conversations.read_media import TYPES as READ_TYPES
from pilito.conversations.read_media import are_read, waits_until
from pilito.conversations.said import IS_SAID_BY_SHOP
from pilito.conversations.unread import look
from pilito.database import Transaction, transaction
from pilito.extensions import channels, settings
from pilito.lifecycle import (
    AssistantMode,
    ConversationState,
    HandOverReason,
    MessageType,
    Sender,
    ShareState,
    TurnState,
)
from pilito.models import Conversation, Message, Proof, Share, Turn, db
from pilito.queries.quoted import quoted
from pilito.queries.reactions import of_messages

log = logging.getLogger(__name__)

HISTORY_MESSAGES = 20
# So many threads of a process claim at once: after an outage hundreds of turns are looked at again and again, and more
# of them would only stand in the way of the reading that they wait for.
_claiming = threading.BoundedSemaphore(2)
EARLIER_CAPTIONS = 3
CARD_AFTER = timedelta(minutes=2)  # so long after its question a card still belongs to it
HandOn = Callable[[Transaction, Conversation, Message, datetime], deliver.Claim | None]

# Columns, not whole rows: twenty messages are read for every answer.
FIND_EARLIER = (
    select(
        Message.sender,
        Message.message_type,
        Message.provider_type,
        Message.text,
        Message.content,
        Message.id,
        Message.sent_at,
        Message.referral,
        Message.origin,
        Message.reply_to_external_id,
    )
    .where(
        Message.conversation_id == bindparam("conversation"),
        Message.id.not_in(bindparam("inside", expanding=True)),
        or_(
            Message.sent_at <= bindparam("until"),
            # People ask, and then send the card of what they mean.
            and_(Message.message_type.in_(POINTERS), Message.sent_at <= bindparam("card_until")),
        ),
        Message.deleted_at.is_(None),
        or_(Message.sender == Sender.CUSTOMER, IS_SAID_BY_SHOP),
    )
    .order_by(Message.sent_at.desc(), Message.id.desc())
    .limit(HISTORY_MESSAGES)
)
# As often as this we ask which one is meant; then a person does.
ASKED_IN_VAIN = 2
# So often an answer is begun that never came to its end: what breaks each time is paid for each time. Half an hour, for
# each try has a lease of its own: workers that die in a row for another reason must not hand over everything they hold.
TRIES = 100
OUR_LAST_QUESTIONS = (
    select(Message.asks_which)
    .where(
        Message.conversation_id == bindparam("conversation"),
        IS_SAID_BY_SHOP,
    )
    .order_by(Message.sent_at.desc(), Message.id.desc())
    .limit(ASKED_IN_VAIN)
)
SETTLE = (
    update(Message)
    .where(Message.id.in_(bindparam("questions", expanding=True)))
    .values(answered_by_id=bindparam("reply"))
    .execution_options(synchronize_session=False)
)
READABLE_TYPES = {MessageType.TEXT, MessageType.POSTBACK, MessageType.SHARE, MessageType.PRODUCT}
MEDIA_TYPES = {MessageType.IMAGE, MessageType.VIDEO, MessageType.VOICE, MessageType.FILE}


@dataclass(frozen=True)
class Earlier:
    """What is read of a message that was said before the turn."""

    sender: Sender
    message_type: MessageType
    provider_type: str | None
    text: str
    content: str
    id: int
    sent_at: datetime
    referral: dict[str, Any] | None
    origin: str | None
    reply_to_external_id: str | None


@dataclass(frozen=True)
class Claim:
    """An attempt at a turn: what it was built on, so that a newer state can void it."""

    turn_id: int
    conversation_id: int
    attempt: int
    version: int
    epoch: int
    message_ids: tuple[int, ...]
    unanswerable: HandOver | None
    input: TurnInput
    place: Place


def answer(turn_id: int, model: Model, clock: Clock, hand_on: HandOn) -> bool:
    """Answer the turn if it is due and nobody else does; harmless to call at any time, however often.

    Return whether there was something to answer, and it was ours.
    `hand_on` says who sends the reply: we at once (`deliver.begin`), or a job of its own (`outbox.leave`).
    """
    now = clock()
    with _claiming:
        claim = _claim(turn_id, now)
    if claim is None:
        return False
    with lease.held(claim.turn_id, claim.attempt):
        outcome = claim.unanswerable or _compose(claim, model, now)
    sending = _record(claim, outcome, clock(), hand_on)
    if sending is not None:
        deliver.send(sending, clock)
    return True


def _compose(claim: Claim, model: Model, now: datetime) -> Reply | HandOver:
    """Ask the assistant; what breaks it goes to a person, for the sweep would ask it again for ever."""
    try:
        if asks_in_vain(claim.input):
            return HandOver(HandOverReason.REPEATED_MISUNDERSTANDING)
        with signals.typing(claim.conversation_id):
            asked = _with_facts(claim, now)
            with failpoints.around("p5"):
                return compose(asked, model, settings.model_prompt_tokens)
    except Exception as error:
        log.exception("Turn %s broke the assistant.", claim.turn_id)
        return HandOver(HandOverReason.MODEL_FAILED, type(error).__name__)


def _with_facts(claim: Claim, now: datetime) -> TurnInput:
    """Add the shop's facts; outside of the transaction, for a search may wait for its index."""
    found = replace(claim.input, facts=(*claim.input.facts, *facts_of(claim.place, claim.input, now)))
    return with_posts(found, claim.place.inbox_id, posts_behind(claim.input, claim.place.inbox_id), now)


def _claim(turn_id: int, now: datetime) -> Claim | None:
    seen = look(turn_id, now)
    if seen is None:
        return None
    with transaction("p4") as tx:
        conversation = get_locked(seen.conversation_id)
        turn = turns.find_unfinished(seen.conversation_id)
        if turn is None or turn.id != turn_id or not _is_free(turn, now):
            return None
        if turn.version != seen.version:
            return None  # something came meanwhile, and has the turn woken when it is due
        if seen.again_at is not None:
            turns.wait(tx, turn, seen.again_at, now)
            return None
        messages = _gather(conversation, turn)
        if not messages or conversation.state is not ConversationState.ASSISTANT:
            turns.drop(conversation, "nothing to answer", now)
            return None
        until = waits_until(turn, messages, now)
        if until is not None:
            turns.wait(tx, turn, until, now)
            return None
        if turn.state is TurnState.GENERATING and turn.attempt >= TRIES:
            hand_over(tx, conversation, HandOverReason.MODEL_FAILED, f"tried {turn.attempt} times", now)
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
            unanswerable=_unanswerable(conversation, messages, now),
            input=input_of(conversation, messages),
            place=Place(conversation.inbox_id, conversation.inbox.facts_version),
        )


def _is_free(turn: Turn, now: datetime) -> bool:
    if turn.state is TurnState.OPEN:
        return turn.due_at <= now
    return turn.lease_until is None or turn.lease_until <= now


def _gather(conversation: Conversation, turn: Turn) -> list[Message]:
    """Everything that nobody has answered belongs to the turn, also what came while an answer was being written."""
    messages = turns.unanswered(conversation)
    for message in messages:
        if message.turn_id != turn.id:
            message.turn_id = turn.id
    return messages


def _unanswerable(conversation: Conversation, messages: list[Message], now: datetime) -> HandOver | None:
    """Why the model is not asked at all: it could not read what came, or has cost enough."""
    if reason := _unreadable(messages):
        return HandOver(reason)
    budget = spending.used_up(conversation.customer_id, now)
    return HandOver(HandOverReason.BUDGET_USED, budget) if budget else None


def _unreadable(messages: list[Message]) -> HandOverReason | None:
    """The reason why a person must look, where the assistant cannot read what came."""
    unread = [one for one in messages if one.message_type not in READABLE_TYPES]
    types = {one.message_type for one in unread if one.message_type not in READ_TYPES or not are_read([one])}
    if not types:
        return None
    return HandOverReason.MEDIA if types <= MEDIA_TYPES else HandOverReason.UNREADABLE


def input_of(conversation: Conversation, messages: list[Message]) -> TurnInput:
    earlier = _earlier(conversation, messages)
    comments = comments_behind(conversation, earlier)
    said: list[Said] = [*messages, *earlier]
    answered = quoted(conversation, {one.reply_to_external_id for one in said})
    reactions = of_messages(conversation, [message.id for message in earlier])
    asked_now, asked_before = _posts(messages, earlier, answered)
    return TurnInput(
        shop_name=conversation.inbox.name,
        questions=tuple(as_asked(message, answered) for message in messages),
        history=(
            *(Line(Sender.CUSTOMER, comment_line(comment)) for comment in comments),
            *(line_of(message, reactions.get(message.id, []), answered) for message in reversed(earlier)),
        ),
        facts=(
            *_captions(conversation.inbox_id, asked_now, asked_before),
            *product_facts(messages, earlier),
            *referral_facts(conversation, messages, earlier),
            *commented_facts(comments),
        ),
        contexts=contexts_of(messages, answered),
        asks_about=tuple(str(share.message_id) for share in asked_now),
        instructions=instructions_of(conversation.inbox_id),
        holds_every_word=conversation.inbox.holds_every_word,
    )


def _earlier(conversation: Conversation, messages: list[Message]) -> Sequence[Earlier]:
    """What was said before this turn, and shown beside it, newest first."""
    until = messages[-1].sent_at
    times = {"until": until, "card_until": until + CARD_AFTER}
    inside = [message.id for message in messages]
    rows = db.session.execute(FIND_EARLIER, {"conversation": conversation.id, "inside": inside, **times})
    return [Earlier(*row) for row in rows]


def _posts(
    messages: Sequence[Message], earlier: Sequence[Earlier], answered: Mapping[str, Message]
) -> tuple[Sequence[Share], Sequence[Share]]:
    """The posts that this turn asks about, and the newest that were shared or asked about before; oldest first.

    A post is asked about by a question that answers the message it came in, else by the one that took it: one that
    answers a story asks about none.
    """
    if not (answered or any(map(_may_have_post, messages)) or any(map(_may_have_post, earlier))):
        return (), ()  # most conversations: nothing to ask the database for
    taken = Share.combined_with_id.in_([one.id for one in messages if not asks_elsewhere(one, answered)])
    asked_now = _shares(or_(taken, Share.message_id.in_(list(_quoted_at(messages, answered)))))
    ids = [message.id for message in earlier]
    left_alone = and_(Share.message_id.in_(ids), Share.state == ShareState.EXPIRED)
    quoted_at = _quoted_at(earlier[::-1], answered)
    found = _shares(or_(Share.combined_with_id.in_(ids), left_alone, Share.message_id.in_(list(quoted_at))))
    before = [share for share in found if share.full_caption and share not in asked_now]
    before.sort(key=lambda share: max(share.sent_at, quoted_at.get(share.message_id, share.sent_at)))
    return asked_now, before[-EARLIER_CAPTIONS:]


def _quoted_at(messages: Sequence[Said], answered: Mapping[str, Message]) -> dict[int, datetime]:
    """The messages that these answer, each with when it was answered last; these come oldest first."""
    found = ((answered.get(one.reply_to_external_id or ""), one.sent_at) for one in messages)
    return {message.id: at for message, at in found if message is not None}


def _may_have_post(message: Message | Earlier) -> bool:
    """Whether the message is a post, or read together with one."""
    return message.message_type is MessageType.SHARE or (
        message.sender is Sender.CUSTOMER and message.content != message.text
    )


def _shares(which: ColumnElement[bool]) -> Sequence[Share]:
    found = db.session.scalars(
        select(Share).where(which).options(joinedload(Share.own_post)).order_by(Share.sent_at, Share.id)
    )
    return found.all()


def _captions(inbox_id: int, asked_now: Sequence[Share], asked_before: Sequence[Share]) -> Iterator[Fact]:
    """Those of before, the newest first, have a source of their own: the price of an earlier post is not the price of
    this one."""
    strange = [share for share in (*asked_now, *asked_before) if share.full_caption and share.own_post_id is None]
    are_known = bool(strange) and knows_own_posts(inbox_id)
    yield from (_caption("caption", share, are_known) for share in asked_now if share.full_caption)
    yield from (_caption("earlier_caption", share, are_known) for share in reversed(asked_before))


def _caption(source: str, share: Share, are_known: bool) -> Fact:
    """A post that is not recognised as the shop's own may be anybody's: everyone can share one of theirs.

    Where the shop's posts are known it is somebody else's: its price is no price of the shop (docs/decisions/0051).
    Where none is known yet, for want of a permission or of time, its caption is all that there is. One that the shop
    has deleted since says nothing any more: its price may be why it went.
    """
    own = share.own_post
    is_ours = own is not None and own.gone_at is None
    is_of_others = not is_ours and (are_known or own is not None)
    return Fact(source, share.full_caption or "", str(share.message_id), is_ours, is_of_others)


# --- recording -------------------------------------------------------------------------------------------------------


def _record(claim: Claim, outcome: Reply | HandOver, now: datetime, hand_on: HandOn) -> deliver.Claim | None:
    """Write the outcome, unless something newer came, a person took over, or another attempt is at it."""
    with transaction("p6") as tx:
        conversation = get_locked(claim.conversation_id)
        spending.note(conversation, outcome.working, now)
        turn = turns.find_unfinished(claim.conversation_id)
        if turn is None or not _still_holds(claim, conversation, turn):
            log.info("The draft for turn %s was dropped: something newer came.", claim.turn_id)
            return None
        duty = duty_of(conversation, now)
        if duty.mode is AssistantMode.OFF:
            turns.leave_to_people(tx, conversation, duty, now)
            return None
        if isinstance(outcome, HandOver):
            hand_over(tx, conversation, outcome.reason, _without_words(outcome), now)
            if outcome.text and outcome.working:
                # What the checks held back is a start for the person, with what they found.
                keep_draft(conversation, turn.id, claim.message_ids, outcome, proof_from(outcome.working), now)
            return None
        permission = channels[conversation.inbox.channel].may_send(False, conversation.last_customer_message_at, now)
        if not permission:
            hand_over(tx, conversation, HandOverReason.TOO_OLD, permission.reason, now)
            return None
        if outcome.asks_which and _has_asked_which(conversation):
            hand_over(tx, conversation, HandOverReason.REPEATED_MISUNDERSTANDING, "asked which one again", now)
            return None
        if duty.mode is AssistantMode.DRAFT or turn.only_draft:
            _record_draft(tx, conversation, turn, claim, outcome, now)
            return None
        return _record_reply(tx, conversation, turn, claim, outcome, now, hand_on)


def _without_words(outcome: HandOver) -> str:
    """The finding without what was found: the audit line outlives a customer who is erased, their draft does not."""
    return kinds_of(outcome.detail) if outcome.reason is HandOverReason.REPLY_UNUSABLE else outcome.detail


def _has_asked_which(conversation: Conversation) -> bool:
    """Whether both of our last replies asked which one is meant: a third time nobody would answer either."""
    newest = db.session.scalars(OUR_LAST_QUESTIONS, {"conversation": conversation.id}).all()
    return len(newest) == ASKED_IN_VAIN and all(newest)


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
    tx: Transaction,
    conversation: Conversation,
    turn: Turn,
    claim: Claim,
    reply: Reply,
    now: datetime,
    hand_on: HandOn,
) -> deliver.Claim | None:
    remaining = [one for one in turns.unanswered(conversation) if one.id not in claim.message_ids]
    conversation.unanswered_since = remaining[0].sent_at if remaining else None
    turn.state = TurnState.ANSWERED
    turn.ended_at, turn.lease_until = now, None
    go_stale(conversation, "written_anew")  # of an hour in which it only wrote drafts
    machine_line = line_due(conversation, now)
    with db.session.no_autoflush:  # one flush for all rows of the reply
        message = outbox.add_reply(conversation, Sender.ASSISTANT, reply.text, now, machine_line=machine_line)
        message.answers_turn_id = turn.id
        message.asks_which = reply.asks_which
        message.proof = proof_from(reply.working)
        mark_changed(tx, conversation, message)
        sending = hand_on(tx, conversation, message, now)
    db.session.execute(SETTLE, {"reply": message.id, "questions": list(claim.message_ids)})
    turns.ask(tx, conversation, [*remaining, *pair_after(tx, conversation, message, now)], now)
    return sending


def _record_draft(
    tx: Transaction, conversation: Conversation, turn: Turn, claim: Claim, reply: Reply, now: datetime
) -> None:
    """The customer still waits: a person sends it. What came meanwhile opens the next turn."""
    turn.state = TurnState.DRAFTED
    turn.ended_at, turn.lease_until = now, None
    keep_draft(conversation, turn.id, claim.message_ids, reply, proof_from(reply.working), now)
    db.session.flush()
    remaining = [one for one in turns.unanswered(conversation) if one.id not in claim.message_ids]
    turns.ask(tx, conversation, remaining, now)
    mark_changed(tx, conversation)


def proof_from(working: Working) -> Proof:
    return Proof(
        model=working.model[:128],
        prompt_hash=working.prompt_hash,
        facts=[{"source": fact.source, "text": fact.text, "reference": fact.reference} for fact in working.facts],
        checks=list(working.checks),
        input_tokens=working.input_tokens,
        output_tokens=working.output_tokens,
        milliseconds=working.milliseconds,
        facts_used=list(working.facts_used),
        rests_on=[asdict(footing) for footing in working.rests_on],
        instructions_version=working.instructions_version,
        cost_micros=working.cost_micros,
    )
