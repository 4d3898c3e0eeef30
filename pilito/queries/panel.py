"""What the panel shows: zones, list and thread, each in a fixed number of statements whatever the size."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, ScalarSelect, Select, and_, false, func, or_, select, union
from sqlalchemy.orm import InstrumentedAttribute, joinedload, selectinload

from pilito.lifecycle import ConversationState, TurnState
from pilito.models import (
    Attachment,
    Audit,
    Conversation,
    Inbox,
    Label,
    Message,
    Note,
    Operator,
    OwnPost,
    PostProduct,
    Reaction,
    Share,
    Turn,
    db,
)
from pilito.models.message import UNDONE
from pilito.queries.labels import labels_of
from pilito.queries.notes import notes_after, notes_between
from pilito.queries.posts import products_of
from pilito.queries.quoted import quoted
from pilito.queries.reactions import of_messages
from pilito.queries.thread import newest_seen

COUNT_LIMIT = 1000  # counting stops here: the panel then says "999+"
CHANGES_LIMIT = 200
# What a thread tells about itself beside its messages.
ACTIVITIES = (
    "handed_over",
    "mode_chosen",
    "discarded_draft",
    "took_over",
    "gave_back",
    "closed",
    "reopened",
    "referred",
    "thread_passed",
    "thread_taken",
    "thread_requested",
    "opted_in",
    "linked",
    "assigned",
    "snoozed",
    "unsnoozed",
    "came_back",
    "seen_to",
    "labelled",
    "unlabelled",
    "undone",
    "asked_again",
    "settled_send",
    "private_reply",
    "blocked",
    "unblocked",
    "merged",
    "unmerged",
)
ACTIVITIES_LIMIT = 100


class Zone(StrEnum):
    """A view of the list. Every conversation is in exactly one of the last four; `open` is the first three of them."""

    OPEN = "open"
    NEEDS_YOU = "needs_you"
    ASSISTANT = "assistant"
    WAITING = "waiting"
    DONE = "done"


_STATE = Conversation.state
_ANSWERED = Conversation.unanswered_since.is_(None)
_HELD = _STATE == ConversationState.OPERATOR
_PUT_OFF = Conversation.snoozed_until.is_not(None)
_CAME_BACK = Conversation.returned_at.is_not(None)


def _besides(state: ConversationState) -> ColumnElement[bool]:
    """In this state, asked so that no index answers it: of a mark that few have, the mark's own index finds the rows.

    SQLite would take that of the state, and look at each of its 40,000 rows.
    """
    return func.lower(_STATE) == state.value


# Each has an index of its own.
_BEFORE_PEOPLE = (
    _STATE == ConversationState.HANDED_OVER,
    and_(_HELD, ~_ANSWERED, ~_PUT_OFF),
    and_(_besides(ConversationState.OPERATOR), _CAME_BACK),
)
_DRAFTED = and_(_besides(ConversationState.ASSISTANT), Conversation.drafted_at.is_not(None))


def in_zone(zone: Zone, too_long: Callable[[], ColumnElement[bool]]) -> ColumnElement[bool]:
    """The condition under which a conversation is shown in a zone; `too_long` gives `unanswered_for_too_long`.

    *Needs you* also has what the assistant holds and a person must look at: a draft that waits, and whatever is
    unanswered for longer than its inbox allows, for whatever reason. What a person put off rests in *Waiting*.
    """
    if zone is Zone.NEEDS_YOU:
        # A union, and not one condition with OR: each part has an index of its own.
        parts = (*_BEFORE_PEOPLE, _DRAFTED, and_(_STATE == ConversationState.ASSISTANT, ~_ANSWERED, too_long()))
        return Conversation.id.in_(union(*(select(Conversation.id).where(part) for part in parts)))
    if zone is Zone.ASSISTANT:
        is_seen_to = and_(Conversation.drafted_at.is_(None), or_(_ANSWERED, ~too_long()))
        return and_(_STATE == ConversationState.ASSISTANT, is_seen_to)
    return {
        Zone.OPEN: _STATE != ConversationState.CLOSED,  # not IN (…): the newest are found by time
        Zone.WAITING: and_(_HELD, or_(_PUT_OFF, and_(_ANSWERED, ~_CAME_BACK))),
        Zone.DONE: _STATE == ConversationState.CLOSED,
    }[zone]


def waits_too_long(now: datetime) -> ColumnElement[bool]:
    """What the assistant holds and has not answered for longer than its inbox allows."""
    return and_(_STATE == ConversationState.ASSISTANT, ~_ANSWERED, unanswered_for_too_long(now))


def unanswered_for_too_long(now: datetime) -> ColumnElement[bool]:
    """By the minutes of each inbox, which are few numbers: compared with a moment, an index finds the rows."""
    inboxes: dict[int, list[int]] = {}
    for inbox_id, minutes in db.session.execute(select(Inbox.id, Inbox.needs_you_minutes)):
        inboxes.setdefault(minutes, []).append(inbox_id)
    parts = [
        and_(Conversation.unanswered_since <= now - timedelta(minutes=minutes), Conversation.inbox_id.in_(ids))
        for minutes, ids in inboxes.items()
    ]
    if len(inboxes) == 1:
        return Conversation.unanswered_since <= now - timedelta(minutes=next(iter(inboxes)))
    return or_(false(), *parts)


def count_waiting_too_long(now: datetime) -> int:
    """For the health page and the metrics: up to COUNT_LIMIT."""
    return db.session.scalar(select(_count(waits_too_long(now)))) or 0


@dataclass(frozen=True)
class Cursor:
    """A place in a list that is sorted by time and id."""

    at: datetime
    id: int

    def __str__(self) -> str:
        return f"{self.at.isoformat()},{self.id}"

    @classmethod
    def read(cls, text: str) -> "Cursor":
        """Raises ValueError for anything that was not made by `str`."""
        at, _, number = text.partition(",")
        cursor = cls(datetime.fromisoformat(at), int(number))
        if cursor.at.tzinfo is None:
            raise ValueError("A cursor's time has a zone.")
        return cursor


@dataclass(frozen=True)
class Row:
    """A conversation with its newest message."""

    conversation: Conversation
    newest: Message | None
    labels: Sequence[Label] = ()


@dataclass(frozen=True)
class ListPage:
    rows: list[Row]
    next: Cursor | None


@dataclass(frozen=True)
class Thread:
    """Messages in the order they were sent, and what is needed to show them."""

    messages: list[Message]
    activities: list[Audit] = field(default_factory=list)
    notes: Sequence[Note] = ()
    shares_asked: dict[int, list[Share]] = field(default_factory=dict)  # by the question's message id
    asked_at: dict[int, datetime] = field(default_factory=dict)  # when the question of each share was, by its id
    quoted: dict[str, Message] = field(default_factory=dict)  # by external id
    reactions: dict[int, list[Reaction]] = field(default_factory=dict)  # by message id
    products: dict[int, list[PostProduct]] = field(default_factory=dict)  # by the id of the own post
    seen: Message | None = None  # the newest message of ours that the customer has seen
    names: dict[int, str] = field(default_factory=dict)  # of operators
    older: Cursor | None = None
    newer: Cursor | None = None  # None: nothing is newer than these
    seq: int = 0  # everything up to this change is in it
    is_cut: bool = False  # there were more changes than fit: ask again from `seq`


def zone_of(conversation: Conversation, now: datetime) -> Zone:
    """The one zone of a conversation; the twin of in_zone."""
    is_assistants = conversation.state is ConversationState.ASSISTANT
    if is_assistants and (conversation.drafted_at is not None or is_waiting_too_long(conversation, now)):
        return Zone.NEEDS_YOU
    if conversation.state is ConversationState.OPERATOR and _rests(conversation):
        return Zone.WAITING
    return {
        ConversationState.ASSISTANT: Zone.ASSISTANT,
        ConversationState.HANDED_OVER: Zone.NEEDS_YOU,
        ConversationState.OPERATOR: Zone.NEEDS_YOU,
        ConversationState.CLOSED: Zone.DONE,
    }[conversation.state]


def _rests(conversation: Conversation) -> bool:
    """Whether nothing is to be done about what a person holds: it was put off, or the customer is next."""
    is_answered = conversation.unanswered_since is None and conversation.returned_at is None
    return conversation.snoozed_until is not None or is_answered


def is_waiting_too_long(conversation: Conversation, now: datetime) -> bool:
    """Whether nobody has answered for longer than the inbox allows, while the assistant holds it."""
    if conversation.state is not ConversationState.ASSISTANT or conversation.unanswered_since is None:
        return False
    return conversation.unanswered_since <= now - timedelta(minutes=conversation.inbox.needs_you_minutes)


# --- the list --------------------------------------------------------------------------------------------------------


def count_zones(now: datetime) -> dict[Zone, int]:
    """Count the conversations of each zone, up to COUNT_LIMIT."""
    parts = (Zone.NEEDS_YOU, Zone.ASSISTANT, Zone.WAITING, Zone.DONE)
    too_long = unanswered_for_too_long(now)
    counts = [_count(in_zone(zone, lambda: too_long)) for zone in parts]
    needs_you, assistant, waiting, done = tuple(db.session.execute(select(*counts)).one())
    return {
        Zone.OPEN: min(COUNT_LIMIT, needs_you + assistant + waiting),
        Zone.NEEDS_YOU: needs_you,
        Zone.ASSISTANT: assistant,
        Zone.WAITING: waiting,
        Zone.DONE: done,
    }


def _count(where: ColumnElement[bool]) -> ScalarSelect[int]:
    """Of those that the list shows: who came through an advertisement and wrote nothing is a conversation too."""
    is_shown = Conversation.last_message_at.is_not(None)
    found = select(Conversation.id).where(where, is_shown).limit(COUNT_LIMIT).subquery()
    return select(func.count()).select_from(found).scalar_subquery()


def count_before_people(now: datetime, narrowed: Sequence[Sequence[ColumnElement[bool]]]) -> list[int]:
    """How many of what needs a person each of these filters lets through, in one statement."""
    if not narrowed:
        return []
    too_long = unanswered_for_too_long(now)
    needs_you = in_zone(Zone.NEEDS_YOU, lambda: too_long)
    return list(db.session.execute(select(*(_count(and_(needs_you, *where)) for where in narrowed))).one())


def list_conversations(
    zone: Zone, before: Cursor | None, limit: int, now: datetime, where: Sequence[ColumnElement[bool]] = ()
) -> ListPage:
    """The conversations of a zone, narrowed by `where`, the one with the newest message first."""
    wanted = (
        select(Conversation)
        .where(in_zone(zone, lambda: unanswered_for_too_long(now)), Conversation.last_message_at.is_not(None), *where)
        .options(joinedload(Conversation.customer), joinedload(Conversation.inbox), joinedload(Conversation.operator))
        .order_by(Conversation.last_message_at.desc(), Conversation.id.desc())
        .limit(limit + 1)
    )
    if before:
        wanted = wanted.where(_is_before(Conversation.last_message_at, Conversation.id, before))
    found = db.session.scalars(wanted).all()
    ids = [conversation.id for conversation in found[:limit]]
    newest, labels = _newest_messages(ids), labels_of(ids)
    rows = [Row(one, newest.get(one.id), labels.get(one.id, ())) for one in found[:limit]]
    return ListPage(rows, _list_cursor(rows[-1].conversation) if len(found) > limit else None)


def _list_cursor(conversation: Conversation) -> Cursor:
    assert conversation.last_message_at is not None
    return Cursor(conversation.last_message_at, conversation.id)


def _newest_messages(conversation_ids: Sequence[int]) -> dict[int, Message]:
    """The newest message of each: one step down an index per conversation, never a scan of its messages."""
    if not conversation_ids:
        return {}
    newest_id = (
        select(Message.id)
        .where(Message.conversation_id == Conversation.id, Message.origin.is_distinct_from(UNDONE))
        .order_by(Message.sent_at.desc(), Message.id.desc())
        .limit(1)
        .correlate(Conversation)
        .scalar_subquery()
    )
    ids = db.session.scalars(select(newest_id).select_from(Conversation).where(Conversation.id.in_(conversation_ids)))
    found = db.session.scalars(
        select(Message)
        .where(Message.id.in_([number for number in ids if number is not None]))
        .options(
            joinedload(Message.share).options(joinedload(Share.copy), joinedload(Share.own_post)),
            selectinload(Message.attachments).joinedload(Attachment.reading),
        )
    )
    return {message.conversation_id: message for message in found}


def _is_before(
    at: InstrumentedAttribute[datetime] | InstrumentedAttribute[datetime | None],
    number: InstrumentedAttribute[int],
    cursor: Cursor,
) -> ColumnElement[bool]:
    """Older than the cursor; written so that an index on (at, id) finds the place."""
    return and_(at <= cursor.at, or_(at < cursor.at, number < cursor.id))


# --- the thread ------------------------------------------------------------------------------------------------------


def find_conversation(conversation_id: int) -> Conversation | None:
    return db.session.scalar(
        select(Conversation)
        .where(Conversation.id == conversation_id)
        .options(joinedload(Conversation.customer), joinedload(Conversation.inbox), joinedload(Conversation.operator))
    )


def writing_until(conversation: Conversation, now: datetime) -> datetime | None:
    """How long the assistant is writing for certain: as long as its worker keeps the turn's lease."""
    if conversation.state is not ConversationState.ASSISTANT:
        return None
    is_written = (Turn.state == TurnState.GENERATING, Turn.lease_until > now)
    return db.session.scalar(select(Turn.lease_until).where(Turn.conversation_id == conversation.id, *is_written))


def read_thread(conversation: Conversation, before: Cursor | None, limit: int) -> Thread:
    """The newest messages, or those before the cursor, oldest first; with the activities of the same time."""
    wanted = _messages_of(conversation).order_by(Message.sent_at.desc(), Message.id.desc()).limit(limit + 1)
    if before:
        wanted = wanted.where(_is_before(Message.sent_at, Message.id, before))
    found = db.session.scalars(wanted).all()
    messages = list(reversed(found[:limit]))
    older = Cursor(messages[0].sent_at, messages[0].id) if len(found) > limit else None
    since, until = older.at if older else None, before.at if before else None
    activities, notes = _activities(conversation, since, until), notes_between(conversation, since, until)
    return _complete(conversation, messages, activities, notes, older=older, seq=conversation.seq)


def read_newer(conversation: Conversation, after: Cursor, limit: int) -> Thread:
    """The messages that follow the cursor, oldest first; with the activities of the same time."""
    found = _following(conversation, after, limit + 1)
    messages, is_more = list(found[:limit]), len(found) > limit
    newer = _cursor_of(messages[-1]) if is_more else None
    since, until = after.at, newer.at if newer else None
    activities, notes = _activities(conversation, since, until), notes_between(conversation, since, until)
    return _complete(conversation, messages, activities, notes, newer=newer, seq=conversation.seq)


def read_around(conversation: Conversation, message_id: int, limit: int) -> Thread:
    """One message and those before and after it; the newest where it is not of this conversation."""
    middle = db.session.get(Message, message_id)
    if middle is None or middle.conversation_id != conversation.id:
        return read_thread(conversation, None, limit)
    place = _cursor_of(middle)
    before = _messages_of(conversation).where(_is_before(Message.sent_at, Message.id, replace(place, id=place.id + 1)))
    older = db.session.scalars(before.order_by(Message.sent_at.desc(), Message.id.desc()).limit(limit // 2 + 1)).all()
    newer = _following(conversation, place, limit - limit // 2 + 1)
    older_cut, newer_cut = older[: limit // 2], newer[: limit - limit // 2]
    messages = [*reversed(older_cut), *newer_cut]
    first = _cursor_of(messages[0]) if len(older) > len(older_cut) else None
    last = _cursor_of(messages[-1]) if len(newer) > len(newer_cut) else None
    since, until = first.at if first else None, last.at if last else None
    activities, notes = _activities(conversation, since, until), notes_between(conversation, since, until)
    return _complete(conversation, messages, activities, notes, older=first, newer=last, seq=conversation.seq)


def _following(conversation: Conversation, after: Cursor, limit: int) -> Sequence[Message]:
    is_after = and_(Message.sent_at >= after.at, or_(Message.sent_at > after.at, Message.id > after.id))
    wanted = _messages_of(conversation).where(is_after).order_by(Message.sent_at, Message.id).limit(limit)
    return db.session.scalars(wanted).all()


def _cursor_of(message: Message) -> Cursor:
    return Cursor(message.sent_at, message.id)


def read_changes(conversation: Conversation, after_seq: int) -> Thread:
    """The messages that changed after `after_seq`, in the order they were sent, and the newest activities.

    The conversation must have been read before: what is committed since then may be in the answer too, and is asked
    for once more, which changes nothing; the other way round it would be missed.
    """
    found = db.session.scalars(
        _messages_of(conversation).where(Message.seq > after_seq).order_by(Message.seq).limit(CHANGES_LIMIT + 1)
    ).all()
    changed = _whole_changes(found)
    messages = sorted(changed, key=lambda message: (message.sent_at, message.id))
    is_cut = len(changed) < len(found)
    seq = max(message.seq for message in changed) if is_cut else conversation.seq
    activities, notes = _activities(conversation, None, None), notes_after(conversation, after_seq)
    return _complete(conversation, messages, activities, notes, seq=seq, is_cut=is_cut)


def _whole_changes(found: Sequence[Message]) -> Sequence[Message]:
    """Up to CHANGES_LIMIT messages, without the part of a change that does not fit whole."""
    if len(found) <= CHANGES_LIMIT:
        return found
    whole = [message for message in found if message.seq < found[-1].seq]
    return whole or found  # one change of more than CHANGES_LIMIT messages has to go as one


def _messages_of(conversation: Conversation) -> Select[Message]:
    return (
        select(Message)
        .where(Message.conversation_id == conversation.id)
        .options(
            joinedload(Message.share).options(
                joinedload(Share.copy), joinedload(Share.own_post).joinedload(OwnPost.copy)
            ),
            joinedload(Message.copy),
            joinedload(Message.proof),
            selectinload(Message.attachments).options(joinedload(Attachment.copy), joinedload(Attachment.reading)),
            selectinload(Message.deliveries),
        )
        .execution_options(populate_existing=True)
    )


def _activities(conversation: Conversation, since: datetime | None, until: datetime | None) -> list[Audit]:
    wanted = select(Audit).where(Audit.conversation_id == conversation.id, Audit.action.in_(ACTIVITIES))
    if since:
        wanted = wanted.where(Audit.at >= since)
    if until:
        wanted = wanted.where(Audit.at < until)
    newest = db.session.scalars(wanted.order_by(Audit.at.desc(), Audit.id.desc()).limit(ACTIVITIES_LIMIT))
    return list(reversed(newest.all()))


def _complete(
    conversation: Conversation,
    messages: list[Message],
    activities: list[Audit],
    notes: Sequence[Note],
    older: Cursor | None = None,
    newer: Cursor | None = None,
    seq: int = 0,
    is_cut: bool = False,
) -> Thread:
    """Add what the messages point to."""
    people = {message.operator_id for message in messages} | {audit.operator_id for audit in activities}
    people |= {audit.details.get("to") for audit in activities if audit.action == "assigned"}
    return Thread(
        messages=messages,
        activities=activities,
        notes=notes,
        shares_asked=_shares_asked([message.id for message in messages]),
        asked_at=_asked_at(messages),
        quoted=quoted(conversation, {message.reply_to_external_id for message in messages}),
        reactions=of_messages(conversation, [message.id for message in messages]),
        seen=newest_seen(conversation),
        products=products_of([one.share.own_post_id for one in messages if one.share and one.share.own_post_id]),
        names=_names(people - {None}),
        older=older,
        newer=newer,
        seq=seq,
        is_cut=is_cut,
    )


def _shares_asked(message_ids: Sequence[int]) -> dict[int, list[Share]]:
    """The shares that each question took, from other messages than its own."""
    if not message_ids:
        return {}
    found = db.session.scalars(
        select(Share)
        .where(Share.combined_with_id.in_(message_ids), Share.message_id != Share.combined_with_id)
        .options(joinedload(Share.own_post))
        .order_by(Share.sent_at, Share.id)
    )
    asked: dict[int, list[Share]] = {}
    for share in found:
        asked.setdefault(share.combined_with_id or 0, []).append(share)
    return asked


def _asked_at(messages: Sequence[Message]) -> dict[int, datetime]:
    """When the questions of these shares were sent; where a card alone has changed, its question is not among them."""
    here = {message.id: message.sent_at for message in messages}
    asked = {message.share.combined_with_id for message in messages if message.share} - {None}
    elsewhere = asked - here.keys()
    if elsewhere:
        rows = db.session.execute(select(Message.id, Message.sent_at).where(Message.id.in_(elsewhere)))
        here |= {row.id: row.sent_at for row in rows}
    return {message_id: here[message_id] for message_id in asked if message_id in here}


def _names(operator_ids: Iterable[int | None]) -> dict[int, str]:
    wanted = list(operator_ids)
    if not wanted:
        return {}
    found = db.session.execute(select(Operator.id, Operator.name).where(Operator.id.in_(wanted)))
    return {row.id: row.name for row in found}
