"""Where words stand: in messages, in shared posts, in the names of customers. The newest first, some at a time.

Every search looks at a bounded number of places, whatever the size of the shop and however common the words: the places
come out of the index in the order of time, and looking ends with the page or after some thousands.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, cast, column, false, func, literal_column, or_, select, table
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.orm import InstrumentedAttribute, joinedload, selectinload

from pilito.database import is_sqlite
from pilito.lifecycle import Sender
from pilito.models import (
    Attachment,
    Conversation,
    Customer,
    Message,
    Note,
    OwnPost,
    SearchBacklog,
    SearchEntry,
    Share,
    db,
)
from pilito.models.search_entry import SearchKind, first_place
from pilito.search.guesses import by_other_keyboard, one_letter_away
from pilito.search.terms import (
    MOST_ASKED,
    SIGILS,
    Part,
    Question,
    mark_conversation,
    mark_inbox,
    mark_sender,
    plain_words,
    read_question,
)

LOOKED_THROUGH = 20_000
SIFTED = 500
WALKED = 5_000  # entries that PostgreSQL looks at one by one
SIFTED_THROUGH = 5_000
ALL_SIGILS = "".join(SIGILS.values())
SHARES_LOOKED_AT = 300
LOOKED_BACK = 16  # times as many
CUSTOMERS_LOOKED_AT = 200
MOST_WITHIN = 300
GUESSED_FROM = 40
INDEX = table("search_index", column("rowid"))
MATCHES: ColumnElement[str] = literal_column("search_index")


@dataclass(frozen=True)
class Filters:
    """Where to look; None: everywhere."""

    inbox_id: int | None = None
    sender: Sender | None = None
    conversation_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    of_conversation: ColumnElement[bool] | None = None  # a condition on Conversation, as a zone is

    @property
    def marks(self) -> list[str]:
        return [
            *([mark_inbox(self.inbox_id)] if self.inbox_id is not None else []),
            *([mark_sender(self.sender)] if self.sender is not None else []),
            *([mark_conversation(self.conversation_id)] if self.conversation_id is not None else []),
        ]


ANYWHERE = Filters()


@dataclass(frozen=True)
class Places:
    """Ids of entries with what they lead to; `next` is where to go on looking, None where all was looked at."""

    found: Sequence[tuple[int, int]]  # (place, target_id)
    next: int | None


def find_places(kind: SearchKind, question: Question, filters: Filters, before: int | None, limit: int) -> Places:
    """The newest places before `before`, at most `limit`."""
    if question.is_empty:
        return Places([], None)
    if filters.of_conversation is None:
        places = _newest(kind, question, filters, before, limit + 1)
        shown, is_more = places[:limit], len(places) > limit
        return Places(_targets(shown), shown[-1] if is_more else None)
    looked = db.session.scalars(_matching(kind, question, filters, before).limit(SIFTED_THROUGH)).all()
    return _sift(looked, filters.of_conversation, limit)


def _sift(looked: Sequence[int], of_conversation: ColumnElement[bool], limit: int) -> Places:
    """Those of the places whose conversation is wanted, looked up some hundreds at a time."""
    found: list[tuple[int, int]] = []
    start, size = 0, SIFTED
    while some := looked[start : start + size]:
        start, size = start + size, 4 * size  # where few are wanted, few questions to the database
        rows = db.session.execute(
            select(SearchEntry.id, SearchEntry.target_id)
            .join(Conversation, Conversation.id == SearchEntry.conversation_id)
            .where(SearchEntry.id.in_(some), of_conversation)
            .order_by(SearchEntry.id.desc())
        )
        found += [(place, target_id) for place, target_id in rows]
        if len(found) > limit:
            return Places(found[:limit], found[limit - 1][0])
    return Places(found, looked[-1] if len(looked) == SIFTED_THROUGH else None)


def conversations_with(question: Question, filters: Filters) -> ColumnElement[bool]:
    """The condition under which a conversation holds the words, in the newest messages and posts that do, or in its
    customer's name."""
    if question.is_empty:
        return false()
    kinds = (SearchKind.MESSAGE, SearchKind.SHARE, SearchKind.CUSTOMER)
    message, share, customer = (_matching(kind, question, filters, None).limit(LOOKED_THROUGH) for kind in kinds)
    return or_(
        *(Conversation.id.in_(_of_entries(SearchEntry.conversation_id, places)) for places in (message, share)),
        Conversation.customer_id.in_(_of_entries(SearchEntry.customer_id, customer)),
    )


def _of_entries(column: InstrumentedAttribute[Any], places: Select[int]) -> Select[int]:
    return select(column).where(SearchEntry.id.in_(places.subquery().select()))


def _newest(kind: SearchKind, question: Question, filters: Filters, before: int | None, limit: int) -> Sequence[int]:
    """The newest places of a question. FTS5 tells them in this order; GIN tells all or none, so PostgreSQL first looks
    at the newest entries one by one, among which common words are found often enough."""
    if not is_sqlite() and kind is SearchKind.MESSAGE:
        found = _walk(question, filters, before, limit)
        if len(found) == limit:
            return found
    return db.session.scalars(_matching(kind, question, filters, before).limit(limit)).all()


def _walk(question: Question, filters: Filters, before: int | None, limit: int) -> Sequence[int]:
    """Messages among the newest entries, held against the question one by one."""
    near = (
        select(SearchEntry.id, SearchEntry.words)
        .where(*_in_time(SearchEntry.id, filters, before))
        .order_by(SearchEntry.id.desc())
        .limit(WALKED)
        .subquery()  # a limit that no condition passes: the planner would rather walk a million
    )
    asked = cast(question.for_tsquery(SearchKind.MESSAGE, filters.marks), TSQUERY)
    found = select(near.c.id).where(near.c.words.op("@@")(asked)).order_by(near.c.id.desc()).limit(limit)
    return db.session.scalars(found).all()


def _matching(kind: SearchKind, question: Question, filters: Filters, before: int | None) -> Select[int]:
    """The places of a question, the newest first."""
    if is_sqlite():
        place: ColumnElement[int] = INDEX.c.rowid
        wanted = select(place).where(MATCHES.op("MATCH")(question.for_fts5(kind, filters.marks)))
        return wanted.where(*_in_time(place, filters, before)).order_by(place.desc())
    place = SearchEntry.id.expression
    asked = cast(question.for_tsquery(kind, filters.marks), TSQUERY)
    wanted = select(place).where(SearchEntry.words.op("@@")(asked))
    # Plus nothing: by the plain id PostgreSQL would walk all entries from the newest, in the hope that there are many.
    return wanted.where(*_in_time(place, filters, before)).order_by((place + 0).desc())


def _in_time(place: Any, filters: Filters, before: int | None) -> list[ColumnElement[bool]]:
    return [
        *([place < before] if before is not None else []),
        *([place >= first_place(filters.since)] if filters.since is not None else []),
        *([place < first_place(filters.until)] if filters.until is not None else []),
    ]


def _targets(places: Sequence[int]) -> list[tuple[int, int]]:
    if not places:
        return []
    rows = select(SearchEntry.id, SearchEntry.target_id).where(SearchEntry.id.in_(places))
    return [(place, target_id) for place, target_id in db.session.execute(rows.order_by(SearchEntry.id.desc()))]


# --- what is shown of it ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class FoundMessages:
    messages: list[Message]  # with their conversation and its customer
    next: int | None = None


@dataclass(frozen=True)
class FoundNote:
    note: Note
    conversation: Conversation
    near_id: int | None  # the message before it, at which the conversation is opened


@dataclass(frozen=True)
class FoundNotes:
    notes: list[FoundNote]
    next: int | None = None


@dataclass(frozen=True)
class FoundPost:
    """A post that was shared, with the newest message that shares it, and how often it was among those looked at."""

    message: Message
    times: int


@dataclass(frozen=True)
class FoundPosts:
    posts: list[FoundPost]
    next: int | None = None


def find_messages(question: Question, filters: Filters, before: int | None, limit: int) -> FoundMessages:
    places = find_places(SearchKind.MESSAGE, question, filters, before, limit)
    return FoundMessages(_messages([target_id for _place, target_id in places.found]), places.next)


def find_notes(question: Question, filters: Filters, before: int | None, limit: int) -> FoundNotes:
    places = find_places(SearchKind.NOTE, question, filters, before, limit)
    near = (
        select(Message.id)
        .where(Message.conversation_id == Note.conversation_id, Message.sent_at <= Note.created_at)
        .order_by(Message.sent_at.desc(), Message.id.desc())
        .limit(1)
        .correlate(Note)
        .scalar_subquery()
    )
    rows = db.session.execute(
        select(Note, Conversation, near)
        .join(Conversation, Note.conversation_id == Conversation.id)
        .where(Note.id.in_([target_id for _place, target_id in places.found]))
        .options(joinedload(Note.operator), joinedload(Conversation.customer))
        .order_by(Note.created_at.desc(), Note.id.desc())
    )
    return FoundNotes([FoundNote(*row) for row in rows], places.next)


def find_posts(question: Question, filters: Filters, before: int | None, limit: int) -> FoundPosts:
    """The posts whose captions hold the words, each once: a reel may have been shared by hundreds."""
    known = _posts_down_to(before, question, filters) if before is not None else set()
    for _ in range(LOOKED_BACK):  # past what is the same reel again and again
        places = find_places(SearchKind.SHARE, question, filters, before, SHARES_LOOKED_AT)
        place_of = {target_id: place for place, target_id in places.found}
        posts: dict[object, list[int]] = {}  # the messages that share it, the newest first
        for message_id, post in _posts_of(list(place_of)):
            if post not in known:
                posts.setdefault(post, []).append(message_id)
        before = places.next
        if posts or before is None:
            break
    newest = {ids[0]: len(ids) for ids in list(posts.values())[:limit]}
    found = [FoundPost(message, newest[message.id]) for message in _messages(list(newest)) if message.share]
    return FoundPosts(found, place_of[list(newest)[-1]] if len(posts) > limit else before)


def _posts_down_to(place: int, question: Question, filters: Filters) -> set[object]:
    """The posts of the pages before. Many pages further down, one that was shared often may come a second time."""
    newer = find_places(SearchKind.SHARE, question, filters, None, LOOKED_BACK * SHARES_LOOKED_AT).found
    return {post for _message_id, post in _posts_of([target_id for at, target_id in newer if at >= place])}


def _posts_of(message_ids: Sequence[int]) -> list[tuple[int, object]]:
    """What tells each message's post from others, in this order of the messages."""
    rows = db.session.execute(
        select(Share.message_id, Share.own_post_id, Share.permalink, Share.media_id).where(
            Share.message_id.in_(message_ids)
        )
    )
    posts = {row.message_id: row.own_post_id or row.permalink or row.media_id or f"m{row.message_id}" for row in rows}
    return [(message_id, posts[message_id]) for message_id in message_ids if message_id in posts]


def _messages(ids: Sequence[int]) -> list[Message]:
    if not ids:
        return []
    rows = (
        select(Message)
        .where(Message.id.in_(ids), Message.deleted_at.is_(None))
        .options(
            joinedload(Message.conversation).options(
                joinedload(Conversation.customer), joinedload(Conversation.inbox), joinedload(Conversation.operator)
            ),
            joinedload(Message.share).options(
                joinedload(Share.copy), joinedload(Share.own_post).joinedload(OwnPost.copy)
            ),
            selectinload(Message.attachments).joinedload(Attachment.reading),
        )
    )
    by_id = {message.id: message for message in db.session.scalars(rows)}
    return [by_id[number] for number in ids if number in by_id]


def find_customers(question: Question, filters: Filters, limit: int) -> list[Conversation]:
    """Their conversations: whose name is the question itself first, then who wrote last."""
    where = Filters(filters.inbox_id)  # a name was not written by anybody, nor at any time
    places = find_places(SearchKind.CUSTOMER, question, where, None, CUSTOMERS_LOOKED_AT)
    rows = (
        select(Conversation)
        .where(Conversation.customer_id.in_([target_id for _place, target_id in places.found]))
        .options(joinedload(Conversation.customer), joinedload(Conversation.inbox), joinedload(Conversation.operator))
    )
    if filters.of_conversation is not None:
        rows = rows.where(filters.of_conversation)
    found = db.session.scalars(rows.order_by(Conversation.last_message_at.desc(), Conversation.id.desc())).all()
    return sorted(found, key=lambda one: not _is_called(one.customer, question))[:limit]


def _is_called(customer: Customer, question: Question) -> bool:
    """Whether each word asked for is a whole word of the name."""
    words = set(plain_words(f"{customer.name or ''} {customer.username or ''}"))
    return all(any(all(part.word in words for part in reading) for reading in wanted) for wanted in question.wanted)


# --- within one conversation -----------------------------------------------------------------------------------------


def find_within(conversation: Conversation, question: Question) -> list[Message]:
    """The messages of a conversation that hold the words, in their own text or in their post's, the newest first."""
    within = Filters(conversation_id=conversation.id)
    kinds = (SearchKind.MESSAGE, SearchKind.SHARE)
    places = [place for kind in kinds for place in find_places(kind, question, within, None, MOST_WITHIN).found]
    ids = dict.fromkeys(target_id for _place, target_id in sorted(places, reverse=True))
    return _messages(list(ids)[:MOST_WITHIN])


# --- where nothing was found -----------------------------------------------------------------------------------------


def is_behind() -> bool:
    """Whether rows from before the search are still being taken into it."""
    return db.session.scalar(select(SearchBacklog.id).limit(1)) is not None


def find_guess(text: str) -> str:
    """Another question that finds something, where this one does not: by the other keyboard, or with each unknown word
    one letter different. Empty where there is none."""
    swapped = by_other_keyboard(text)
    if is_anywhere(read_question(swapped)):
        return swapped
    words = [plain_words(chunk) for chunk in text.split()[:MOST_ASKED]]
    guessed = [_known(word) for chunk in words for word in chunk]
    guess = " ".join(filter(None, guessed))
    return guess if all(guessed) and is_anywhere(read_question(guess)) else ""


def is_anywhere(question: Question) -> bool:
    return any(find_places(kind, question, ANYWHERE, None, 1).found for kind in SearchKind)


def _known(word: str) -> str:
    """The word, where it is written anywhere; else the one written most of late among those one letter away."""
    if is_anywhere(read_question(word)):
        return word
    others = list(dict.fromkeys(one_letter_away(word)))
    if not others:
        return ""
    any_of_them = Question((tuple((Part(other),) for other in others),))
    times = Counter(other for kept in _words_at(_any_of(any_of_them)) for other in kept.intersection(others))
    return times.most_common(1)[0][0] if times else ""


def _any_of(question: Question) -> Sequence[int]:
    """Some entries for a guess, which asks for hundreds of words at once: FTS5 looks each of them up. PostgreSQL may
    hold every entry against all of them, so there only the newest are looked at."""
    if not is_sqlite():
        return _walk(question, ANYWHERE, None, GUESSED_FROM)
    places = [_newest(kind, question, ANYWHERE, None, GUESSED_FROM) for kind in SearchKind]
    return [place for some in places for place in some]


def _words_at(places: Sequence[int]) -> list[set[str]]:
    kept: Any = SearchEntry.words
    if not is_sqlite():
        kept = func.array_to_string(func.tsvector_to_array(SearchEntry.words), " ")
    rows = db.session.scalars(select(kept).where(SearchEntry.id.in_(places)))
    return [{word.strip(ALL_SIGILS) for word in words.split()} for words in rows]
