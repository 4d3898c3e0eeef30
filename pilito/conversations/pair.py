"""Put the pairing of shares and questions into the rows, and tell Redis, the scheduler and the log."""

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, bindparam, or_, select
from sqlalchemy.orm import joinedload

from pilito.channels.base import STANDBY
from pilito.conversations import pending_share, tally, turns
from pilito.conversations.contents import own_content
from pilito.conversations.lock import mark_changed
from pilito.conversations.pairing import (
    CONTEXT_BEGIN,
    Place,
    QuestionPoint,
    ReplyPoint,
    SharePoint,
    combined_content,
    context_of,
    pair,
    question_of,
)
from pilito.conversations.said import IS_SAID_BY_SHOP
from pilito.database import Transaction
from pilito.extensions import channels, settings
from pilito.lifecycle import SILENT_TYPES, ConversationState, MessageType, Sender, ShareState
from pilito.models import Conversation, Inbox, Message, Share, db

log = logging.getLogger(__name__)

CAPTION_PREVIEW_CHARACTERS = 50
# So long a post answers "which one?", if nothing else is said before it: as long as the assistant may answer.
WHICH_WAIT = timedelta(hours=24)
POINTERS = (MessageType.PRODUCT, MessageType.STORY)  # what names one thing of the shop and is no share
IS_ASKING = Message.content.startswith(CONTEXT_BEGIN)  # of such a one
WHICH_CHAIN = 3  # "which one?" asked again and again
SHARES_NEAR = (
    select(Share.id)
    .where(
        Share.conversation_id == bindparam("conversation"),
        or_(Share.sent_at >= bindparam("since"), Share.state == ShareState.WAITING),
    )
    .limit(1)
)
ANSWERS_SINCE = (
    select(Share.id)
    .where(
        Share.conversation_id == bindparam("conversation"),
        Share.sent_at >= bindparam("since"),
        Share.answers_id.is_not(None),
    )
    .limit(1)
)
CONTROL_CHARACTERS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


@dataclass
class Pairing:
    """What pairing changed: messages whose look or content is another now, and among them the questions."""

    changed: list[Message] = field(default_factory=list)
    questions: list[Message] = field(default_factory=list)


@dataclass(frozen=True)
class LookUp:
    """What Redis knew of a waiting share when this question came."""

    question_id: int
    share_message_id: int | None


def pair_shares(
    tx: Transaction, conversation: Conversation, around: datetime, now: datetime, look_up: LookUp | None = None
) -> Pairing:
    """Pair again what a message sent `around` then can have changed. `look_up` is what Redis knew, if it was asked."""
    lookback = timedelta(seconds=settings.share_lookback_seconds)
    db.session.flush()
    since = around - _reach()
    which = _which(conversation, since)
    messages = _load(conversation, _begin(since, which), which)
    shares = [message.share for message in messages if message.share is not None]
    waiting = {share.message_id for share in shares if share.state is ShareState.WAITING}
    questions = {message.id: message for message in messages if is_question(message)}
    outside = _taken_outside(questions, shares)
    points = _question_points(questions, outside)
    replies = _replies(conversation, which, set(questions)) if shares else []
    places = pair(_share_points(shares, questions), points, now, lookback, replies, WHICH_WAIT)
    pairing = Pairing()
    _rewrite_answers(tx, conversation, shares, places, pairing)
    left = any(share.answers_id and not places[share.message_id].answers_id for share in shares)
    _move_shares(tx, conversation, shares, questions, places, pairing, now)
    if left:
        turns.count_unanswered(conversation)  # it asks nothing any more
    _rewrite_contents(tx, shares, [one for one in questions.values() if one.id not in outside], pairing)
    _count_look_up([share for share in shares if share.message_id in waiting], look_up)
    return pairing


def pair_again(tx: Transaction, conversation: Conversation, around: datetime, now: datetime) -> Pairing:
    """Pair what a message sent `around` then can have changed that was taken back, or has no answer any more.
    A card or a story that answers no "which one?" by now asks nothing, as a post does."""
    if not channels[conversation.inbox.channel].shares_wait:
        return Pairing()
    pairing = pair_shares(tx, conversation, around, now)
    for message in _pointers(conversation.id, IS_ASKING, Message.answered_by_id.is_(None)):
        if not answers_which(message):
            message.content = own_content(message)
            pairing.changed.append(message)
    return pairing


def _pointers(conversation_id: int, *such: ColumnElement[bool]) -> Sequence[Message]:
    """The customer's cards and stories that may answer "which one?", of these."""
    return db.session.scalars(
        select(Message).where(
            Message.conversation_id == conversation_id,
            Message.sender == Sender.CUSTOMER,
            Message.message_type.in_(POINTERS),
            Message.deleted_at.is_(None),
            Message.origin.is_distinct_from(STANDBY),
            *such,
        )
    ).all()


def what_answers(which: Message) -> list[Message]:
    """What is asked about by itself because of this "which one?", as long as that stands: posts, cards, stories."""
    asked = asked_with(which.id) if which.asks_which else []
    if not asked:
        return []
    posts = select(Message).join(Message.share).where(Share.answers_id == which.id)
    cards = _pointers(which.conversation_id, IS_ASKING, Message.sent_at >= asked[-1].sent_at)
    return [*db.session.scalars(posts), *(card for card in cards if which.id in _which_of(card))]


def pair_after(tx: Transaction, conversation: Conversation, reply: Message, now: datetime) -> list[Message]:
    """What the customer sent since the question that this reply asks "which one?" about, answers it already: a post
    that nothing took, a card, a story. Return what is to be asked now."""
    if not (reply.asks_which and channels[conversation.inbox.channel].shares_wait):
        return []
    pairing = pair_shares(tx, conversation, now, now)
    pointers = _pointers_since_asked(reply)
    for message in pointers:
        message.content = combined_content([message.content], "")
        turns.note_waiting(conversation, message)
    mark_changed(tx, conversation, *pairing.changed, *pointers)
    return [*pairing.questions, *pointers]


def _pointers_since_asked(reply: Message) -> list[Message]:
    """The cards and stories that nobody was to answer until this reply asked for them."""
    asked = asked_with(reply.id)
    if not asked:
        return []
    is_since = Message.sent_at >= asked[-1].sent_at
    found = _pointers(reply.conversation_id, is_since, Message.answered_by_id.is_(None))
    return [message for message in found if not turns.asks(message)]


def has_shares_near(conversation: Conversation, around: datetime) -> bool:
    """Whether a question sent `around` then can take a share at all; most texts of most shops cannot."""
    return db.session.scalar(SHARES_NEAR, {"conversation": conversation.id, "since": around - _reach()}) is not None


def has_answers_since(conversation: Conversation, since: datetime) -> bool:
    """Whether a post that was sent from then on answers "which one?"; what is said before it ends its time to."""
    return db.session.scalar(ANSWERS_SINCE, {"conversation": conversation.id, "since": since}) is not None


def _reach() -> timedelta:
    """How far back a pairing may still change because of a message: a chain of two."""
    return 2 * timedelta(seconds=settings.share_wait_seconds + settings.share_lookback_seconds)


def is_question(message: Message) -> bool:
    """What takes a share: what the customer typed and, where the inbox allows it, what they said. Pictures never do."""
    return message.message_type in question_types(message.conversation.inbox) and message.deleted_at is None


def question_types(inbox: Inbox) -> set[MessageType]:
    return {MessageType.TEXT, MessageType.VOICE} if inbox.voice_takes_share else {MessageType.TEXT}


def _load(conversation: Conversation, since: datetime, which: list[ReplyPoint]) -> list[Message]:
    """The shares and questions of the customer from `since` on, with those from before it that still wait, or answer
    one of these replies: it is not answered twice."""
    before = select(Share.message_id).where(
        Share.conversation_id == conversation.id,
        or_(Share.state == ShareState.WAITING, Share.answers_id.in_([one.message_id for one in which])),
    )
    return list(
        db.session.scalars(
            select(Message)
            .where(
                Message.conversation_id == conversation.id,
                Message.sender == Sender.CUSTOMER,
                Message.message_type.in_((MessageType.SHARE, *question_types(conversation.inbox))),
                or_(Message.sent_at >= since, Message.id.in_(before)),
            )
            .order_by(Message.sent_at, Message.id)
            .options(joinedload(Message.share))
            .execution_options(populate_existing=True)
        )
    )


def _share_points(shares: list[Share], questions: dict[int, Message]) -> list[SharePoint]:
    return [
        SharePoint(
            share.message_id,
            share.sent_at,
            share.expires_at,
            _fixed_to(share, questions),
            share.answers_id,
            may_answer=share.message.answered_by_id is None and share.message.origin != STANDBY,
        )
        for share in shares
    ]


def _fixed_to(share: Share, questions: dict[int, Message]) -> int | None:
    """The question this share stays with: its own message, or one that was answered on it or is out of our window.

    One that was answered before the share came shows it, and gives it up to a question with the better right to it.
    """
    if share.answers_id is not None and share.message.answered_by_id is None:
        return None
    if share.combined_with_id is None or share.combined_with_id == share.message_id:
        return share.combined_with_id
    question = db.session.get_one(Message, share.combined_with_id)
    was_answered_on_it = question.answered_by_id is not None and question.content.startswith(CONTEXT_BEGIN)
    is_settled = was_answered_on_it or question.id not in questions
    # One that an edit made a post of its own asks about that one.
    is_one = not question.deleted_at and question.message_type is not MessageType.SHARE
    return question.id if is_settled and is_one else None


def _taken_outside(questions: dict[int, Message], shares: list[Share]) -> set[int]:
    """The questions that took a share from before our window: they keep it, and are not free for another."""
    inside = {share.combined_with_id for share in shares}
    suspects = [
        question.id
        for question in questions.values()
        if question.content != own_content(question) and question.id not in inside
    ]
    if not suspects:
        return set()
    taken = db.session.scalars(select(Share.combined_with_id).where(Share.combined_with_id.in_(suspects)))
    return {question_id for question_id in taken if question_id is not None}


def _which(conversation: Conversation, since: datetime) -> list[ReplyPoint]:
    """The replies that ask "which one?" of something that is still there; none at all for most."""
    found = db.session.execute(
        select(Message.id, Message.sent_at)
        .where(
            Message.conversation_id == conversation.id,
            Message.deleted_at.is_(None),
            Message.asks_which,
            Message.sent_at >= since - WHICH_WAIT,
        )
        .order_by(Message.sent_at)
    ).all()
    asked = [(row, asked_with(row.id)) for row in found]
    return [ReplyPoint(row.id, row.sent_at, True, before[-1].sent_at) for row, before in asked if before]


def _begin(since: datetime, which: list[ReplyPoint]) -> datetime:
    """From when on to pair: a "which one?" that lay as a draft may be answered by a share from long before it."""
    asked = [one.asked_at for one in which if one.asked_at is not None and one.sent_at >= since]
    return min([since, *asked])


def _replies(conversation: Conversation, which: list[ReplyPoint], inside: set[int]) -> list[ReplyPoint]:
    """The replies that ask "which one?", and what else was said after the first of them."""
    if not which:
        return []
    asking = {one.message_id: one for one in which}
    is_asked = and_(Message.sender == Sender.CUSTOMER, Message.message_type.not_in(SILENT_TYPES))
    said = db.session.execute(
        select(Message.id, Message.sent_at).where(
            Message.conversation_id == conversation.id,
            Message.deleted_at.is_(None),
            Message.sent_at >= which[0].sent_at,
            or_(IS_SAID_BY_SHOP, is_asked),
        )
    ).all()
    return [asking.get(row.id, ReplyPoint(row.id, row.sent_at)) for row in said if row.id not in inside]


def asked_with(reply_id: int) -> list[Message]:
    """The questions that this reply did not answer but asked back about, and those before them, where that reply had
    asked back too; oldest first."""
    found: set[Message] = set()
    reply_ids = {reply_id}
    for _ in range(WHICH_CHAIN):
        answered = Message.answered_by_id.in_(reply_ids)
        asked = db.session.scalars(select(Message).where(answered, Message.deleted_at.is_(None))).all()
        found.update(asked)
        reply_ids = (_which_before(asked) | _which_answered(asked)) - reply_ids
        if not reply_ids:
            break
    return sorted(found, key=lambda message: (message.sent_at, message.id))


def is_read_with(post: Share, message: Message) -> bool:
    """Whether this post, which answers "which one?", is read together with the message. What the shop said between may
    be gone by now, and the chain with it: then the words tell."""
    if post.answers_id is None:
        return False
    words = _without_post(message)
    is_copied = bool(words) and f"\n{words}\n" in f"\n{question_of(post.message.content)}\n"
    return is_copied or message in asked_with(post.answers_id)


def cards_read_with(message: Message) -> list[Message]:
    """The cards and stories that answer a "which one?" about this message: who reads one has the message before it."""
    cards = _pointers(message.conversation_id, IS_ASKING, Message.sent_at >= message.sent_at)
    return [card for card in cards if any(message in asked_with(which_id) for which_id in _which_of(card))]


def answers_which(message: Message) -> bool:
    """Whether this card or story answers our "which one?": as a share does, it is asked about by itself then. One that
    reaches us late may have been sent while that was written."""
    return any(map(asked_with, _which_before([message]))) or _lay_there(message)


def _lay_there(message: Message) -> bool:
    """Whether what the shop said next after this message asks "which one?" about something from before it."""
    following = _said_next(message)
    asked = asked_with(following.id) if following is not None and following.asks_which else []
    return bool(asked) and asked[-1].sent_at <= message.sent_at


def _said_next(message: Message) -> Message | None:
    return db.session.scalar(
        select(Message)
        .where(
            Message.conversation_id == message.conversation_id,
            Message.sent_at >= message.sent_at,
            IS_SAID_BY_SHOP,
        )
        .order_by(Message.sent_at, Message.id)
        .limit(1)
    )


def _which_before(asked: Sequence[Message]) -> set[int]:
    """The replies that asked "which one?" right before the newest of these questions."""
    if not asked:
        return set()
    last = max(asked, key=lambda message: message.sent_at)
    newest = db.session.scalar(
        select(Message)
        .where(
            Message.conversation_id == last.conversation_id,
            Message.sent_at < last.sent_at,
            IS_SAID_BY_SHOP,
        )
        .order_by(Message.sent_at.desc(), Message.id.desc())
        .limit(1)
    )
    is_recent = newest is not None and last.sent_at - newest.sent_at < WHICH_WAIT
    return {newest.id} if newest is not None and newest.asks_which and is_recent else set()


def _which_of(card: Message) -> set[int]:
    return _which_before([card]) | _which_answered([card])


def _which_answered(asked: Sequence[Message]) -> set[int]:
    """The replies that these posts and cards answer. Where one of them lay there already, that was said after it."""
    posts = [one.share for one in asked if one.message_type is MessageType.SHARE]
    following = [_said_next(one) for one in asked if one.message_type in POINTERS]
    by_post = {share.answers_id for share in posts if share is not None and share.answers_id is not None}
    return by_post | {reply.id for reply in following if reply is not None and reply.asks_which}


def _question_points(questions: dict[int, Message], outside: set[int]) -> list[QuestionPoint]:
    return [
        QuestionPoint(
            message.id, message.sent_at, is_answered=message.answered_by_id is not None or message.id in outside
        )
        for message in questions.values()
    ]


def _move_shares(
    tx: Transaction,
    conversation: Conversation,
    shares: list[Share],
    questions: dict[int, Message],
    places: dict[int, Place],
    pairing: Pairing,
    now: datetime,
) -> None:
    moved = [share for share in shares if _has_moved(share, places[share.message_id])]
    # The database lets one share wait: whoever stops waiting goes first.
    for share in sorted(moved, key=lambda share: places[share.message_id].state is ShareState.WAITING):
        place = places[share.message_id]
        # A question is shown with its share, also one that was answered without it.
        about = {share.combined_with_id, place.question_id}
        _move(tx, conversation, share, place, now)
        tally.mark(share.sent_at, now)
        pairing.changed.append(share.message)
        pairing.changed += [question for question in questions.values() if question.id in about]
        db.session.flush()


def _has_moved(share: Share, place: Place) -> bool:
    # A wait that ended does not begin again because this process's clock is behind the one that ended it.
    waits_again = share.state is ShareState.EXPIRED and place.state is ShareState.WAITING
    return not waits_again and Place(share.state, share.combined_with_id, share.answers_id) != place


def _move(tx: Transaction, conversation: Conversation, share: Share, place: Place, now: datetime) -> None:
    was_waiting = share.state is ShareState.WAITING
    share.state, share.combined_with_id, share.answers_id = place.state, place.question_id, place.answers_id
    if place.state is ShareState.WAITING:
        tx.after_commit(pending_share.remember, conversation.id, share.message_id, share.expires_at, now)
    elif was_waiting:
        tx.after_commit(pending_share.forget, conversation.id, share.message_id)
    if place.state is ShareState.EXPIRED:
        tx.after_commit(log_timeout, share.message_id)


def _rewrite_answers(
    tx: Transaction, conversation: Conversation, shares: list[Share], places: dict[int, Place], pairing: Pairing
) -> None:
    """A share that answers "which one?" is read together with what had been asked; one that does no more, by itself."""
    for share in shares:
        message, place = share.message, places[share.message_id]
        if message.answered_by_id or (place.answers_id is None and share.answers_id is None):
            continue
        content = context_of(message.content)
        if place.answers_id is not None:
            asked = map(_without_post, asked_with(place.answers_id))
            content = combined_content([content], "\n".join(filter(None, asked)))
            # Once, as it comes to ask: not what nobody was to be called for then, when it is looked at again later.
            is_over = conversation.is_blocked or conversation.state is ConversationState.CLOSED
            is_heard = not is_over and message.origin != STANDBY
            if is_heard and share.answers_id != place.answers_id:
                turns.note_waiting(conversation, message)
        if content == message.content:
            continue
        message.content = content
        pairing.changed.append(message)
        if place.answers_id is not None:
            pairing.questions.append(message)
            tx.after_commit(log_combined, message.id, message.id, len(content))


def _without_post(question: Message) -> str:
    """What was asked, without the post that it had been asked about: of a link, the words that were typed beside it."""
    if question.message_type is not MessageType.SHARE:
        return own_content(question)
    # What a post that answered "which one?" was read with, are questions of before: found by themselves.
    has_own_words = question.share is not None and question.share.answers_id is None
    return question_of(question.content) if has_own_words and question.content.startswith(CONTEXT_BEGIN) else ""


def _rewrite_contents(
    tx: Transaction,
    shares: list[Share],
    questions: list[Message],
    pairing: Pairing,
) -> None:
    """Give every unanswered question the content it has now: what was answered keeps what the assistant read."""
    for question in questions:
        taken = [share for share in shares if share.combined_with_id == question.id]
        content = _content(question, taken)
        if question.answered_by_id or content == question.content:
            continue
        question.content = content
        # Told once: a caption that comes later or an edit changes the words, not who belongs to whom.
        joined = [share for share in taken if share.message in pairing.changed]
        pairing.changed.append(question)
        pairing.questions.append(question)
        for share in joined:
            tx.after_commit(log_combined, share.message_id, question.id, len(content))


def _count_look_up(shares: list[Share], look_up: LookUp | None) -> None:
    """Note on the waiting share that this question took whether Redis had it: a hit or a miss of the cache."""
    for share in shares:
        if look_up and share.combined_with_id == look_up.question_id and share.found_in_cache is None:
            share.found_in_cache = share.message_id == look_up.share_message_id


def _content(question: Message, taken: list[Share]) -> str:
    own = own_content(question)
    return combined_content([share.message.content for share in taken], own) if taken else own


def log_waiting(conversation: Conversation, share: Share) -> None:
    """The line that people search the logs for when a share begins to wait."""
    preview = CONTROL_CHARACTERS.sub(" ", share.caption or "")[:CAPTION_PREVIEW_CHARACTERS]
    log.info(
        "⏳ %s share detected - waiting for follow-up question · Message ID: %s · Caption preview: %s · Timeout: %gs",
        channels[conversation.inbox.channel].title,
        share.message_id,
        preview,
        settings.share_wait_seconds,
    )


def log_combined(share_message_id: int, question_id: int, length: int) -> None:
    log.info(
        "✅ Combined share + question for AI processing · Share ID: %s · Question ID: %s"
        " · Combined content length: %s chars",
        share_message_id,
        question_id,
        length,
    )


def log_timeout(share_message_id: int) -> None:
    log.info("⏰ Timeout for share %s - no question received, cleared cache (no AI response)", share_message_id)
