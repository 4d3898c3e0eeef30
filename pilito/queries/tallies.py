"""Counts what happened in a stretch of time from the rows themselves, by quarter of an hour and inbox."""

import math
from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import ColumnElement, Integer, Select, and_, cast, extract, func, or_, select
from sqlalchemy.orm import aliased

from pilito.database import is_sqlite
from pilito.extensions import db
from pilito.lifecycle import SILENT_TYPES, DraftState, HandOverReason, Sender, TurnState
from pilito.models import Conversation, Draft, Message, ModelUse, Share, Tally, Turn
from pilito.models.message import UNDONE

QUARTER = timedelta(minutes=15)
QUARTER_SECONDS = 900
# Durations are sorted into buckets whose bounds grow by 15 %: what is read off them is right to 7 %, however long.
BUCKET_RATIO = 1.15
DECIDED = (DraftState.APPLIED, DraftState.EDITED, DraftState.DISCARDED)

Numbers = dict[str, dict[str, int]]
Place = tuple[datetime, int | None]  # a quarter's beginning, an inbox
Asked = tuple[int, datetime, int | None, str]  # in which inbox, when, about which post, in which words


def quarter_of(when: datetime) -> datetime:
    """The beginning of the quarter of an hour in which this was."""
    return _from_number(int(when.timestamp()) // QUARTER_SECONDS)


def bucket_of(seconds: float) -> int:
    return 0 if seconds < 1 else 1 + int(math.log(seconds, BUCKET_RATIO))


def bounds_of(bucket: int) -> tuple[float, float]:
    """From how many seconds to how many a bucket reaches."""
    return (0.0, 1.0) if bucket == 0 else (BUCKET_RATIO ** (bucket - 1), BUCKET_RATIO**bucket)


def count(start: datetime, end: datetime) -> dict[Place, Numbers]:
    """Return the numbers of each quarter in which something happened; `start` and `end` are beginnings of quarters."""
    found: dict[Place, Numbers] = defaultdict(lambda: defaultdict(lambda: defaultdict(int)))
    for counting in (_messages, _shares, _turns, _drafts, _replies, _uses):
        for number, inbox_id, measure, key, amount in counting(start, end):
            if amount:
                found[_from_number(int(number)), inbox_id][measure][str(key)] += int(amount)
    return {place: {measure: dict(keys) for measure, keys in numbers.items()} for place, numbers in found.items()}


def add(into: Numbers, numbers: Numbers, without: Collection[str] = ()) -> None:
    """Add the numbers, key by key; measures of `without` are left out."""
    for measure, keys in numbers.items():
        if measure in without:
            continue
        sums = into.setdefault(measure, {})
        for key, amount in keys.items():
            sums[key] = sums.get(key, 0) + amount


def quarters(start: datetime, end: datetime) -> Iterable[tuple[datetime, int | None, Numbers]]:
    """What was counted by the quarter, in the order of time."""
    return db.session.execute(
        select(Tally.at, Tally.inbox_id, Tally.numbers).where(Tally.at >= start, Tally.at < end).order_by(Tally.at)
    ).tuples()


def first_message_at() -> datetime | None:
    return db.session.scalar(select(func.min(Message.sent_at)))


def first_counted_at() -> datetime | None:
    return db.session.scalar(select(func.min(Tally.at)))


def _number(column: Any) -> Any:
    """Which quarter since 1970 a column's time lies in."""
    if is_sqlite():
        return cast(func.strftime("%s", column), Integer).op("/")(QUARTER_SECONDS)  # of whole numbers: a whole number
    return func.floor(extract("epoch", column) / QUARTER_SECONDS)


def _from_number(number: int) -> datetime:
    return datetime.fromtimestamp(number * QUARTER_SECONDS, UTC)


Counted = Iterable[tuple[Any, int | None, str, Any, Any]]


def _messages(start: datetime, end: datetime) -> Counted:
    rows = db.session.execute(
        select(_number(Message.sent_at).label("q"), Message.inbox_id, Message.sender, func.count())
        .where(Message.sent_at >= start, Message.sent_at < end, Message.origin.is_distinct_from(UNDONE))
        .group_by("q", Message.inbox_id, Message.sender)
    )
    for number, inbox_id, sender, amount in rows:
        yield number, inbox_id, "messages", sender.value, amount


def _shares(start: datetime, end: datetime) -> Counted:
    """By the message's time, which is the share's: it has the index."""
    is_asked = Share.combined_with_id.is_not(None).label("asked")
    rows = db.session.execute(
        select(
            _number(Message.sent_at).label("q"), Message.inbox_id, Share.state, Share.found_in_cache,
            Share.own_post_id, is_asked, func.count(),
        )
        .join(Share, Share.message_id == Message.id)
        .where(Message.sent_at >= start, Message.sent_at < end)
        .group_by("q", Message.inbox_id, Share.state, Share.found_in_cache, Share.own_post_id, is_asked)
    )  # fmt: skip
    for number, inbox_id, state, found, post_id, asked, amount in rows:
        yield number, inbox_id, "shares", state.value, amount
        if found is not None:
            yield number, inbox_id, "cache", "hit" if found else "miss", amount
        if post_id is not None:
            yield number, inbox_id, "post_shares", post_id, amount
            if asked:
                yield number, inbox_id, "post_questions", post_id, amount


def _turns(start: datetime, end: datetime) -> Counted:
    rows = db.session.execute(
        select(_number(Turn.ended_at).label("q"), Conversation.inbox_id, Turn.state, Turn.ended_why, func.count())
        .join(Conversation, Turn.conversation_id == Conversation.id)
        .where(Turn.ended_at >= start, Turn.ended_at < end)
        .group_by("q", Conversation.inbox_id, Turn.state, Turn.ended_why)
    )
    for number, inbox_id, state, why, amount in rows:
        yield number, inbox_id, "turns", state.value, amount
        if state is TurnState.HANDED_OVER:
            yield number, inbox_id, "hand_overs", why or "unknown", amount


def _drafts(start: datetime, end: datetime) -> Counted:
    rows = db.session.execute(
        select(_number(Draft.ended_at).label("q"), Conversation.inbox_id, Draft.state, func.count())
        .join(Conversation, Draft.conversation_id == Conversation.id)
        .where(Draft.ended_at >= start, Draft.ended_at < end, Draft.state.in_(DECIDED))
        .group_by("q", Conversation.inbox_id, Draft.state)
    )
    for number, inbox_id, state, amount in rows:
        yield number, inbox_id, "drafts", state.value, amount


def _replies(start: datetime, end: datetime) -> Counted:
    """How long the oldest message waited that a reply answered, by the provider's times.

    A person's reply answers all that came before it, also what asks nothing: a post whose question has its answer, a
    heart. Nobody waited with that. What the assistant answers has asked, whatever its kind.
    """
    asked = aliased(Message)
    has_asked = or_(Message.sender == Sender.ASSISTANT, asked.message_type.not_in(SILENT_TYPES))
    rows = db.session.execute(
        select(Message.sent_at, Message.inbox_id, Message.sender, func.min(asked.sent_at))
        .join(asked, and_(asked.answered_by_id == Message.id, has_asked))
        .where(Message.sent_at >= start, Message.sent_at < end, Message.sender != Sender.CUSTOMER)
        .group_by(Message.id)
    )
    for sent_at, inbox_id, sender, asked_at in rows:
        seconds = max(0.0, (sent_at - asked_at).total_seconds())
        measure = "wait_assistant" if sender is Sender.ASSISTANT else "wait_people"
        yield int(sent_at.timestamp()) // QUARTER_SECONDS, inbox_id, measure, bucket_of(seconds), 1


def _uses(start: datetime, end: datetime) -> Counted:
    rows = db.session.execute(
        select(
            _number(ModelUse.at).label("q"), ModelUse.inbox_id, func.count(), func.sum(ModelUse.tokens),
            func.sum(ModelUse.cost_micros), func.count() - func.count(ModelUse.cost_micros),
        )
        .where(ModelUse.at >= start, ModelUse.at < end)
        .group_by("q", ModelUse.inbox_id)
    )  # fmt: skip
    for number, inbox_id, answers, tokens, micros, without_price in rows:
        for key, amount in (
            ("answers", answers), ("tokens", tokens), ("micros", micros), ("without_price", without_price),
        ):  # fmt: skip
            yield number, inbox_id, "use", key, amount


# --- days ------------------------------------------------------------------------------------------------------------


def sum_quarters(
    quarters: Iterable[tuple[datetime, int | None, Numbers]], zone: ZoneInfo
) -> dict[tuple[date, int | None], Numbers]:
    """The numbers of each day and inbox, and how many messages customers wrote in each hour of the clock."""
    days: dict[tuple[date, int | None], Numbers] = {}
    for at, inbox_id, numbers in quarters:
        local = at.astimezone(zone)
        day = days.setdefault((local.date(), inbox_id), {})
        add(day, numbers)
        written = numbers.get("messages", {}).get("customer", 0)
        if written:
            add(day, {"hours": {str(local.hour): written}})
    return days


def begin_of(day: date, zone: ZoneInfo) -> datetime:
    """The first moment of a day: not always midnight, where clocks are put forward then."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def stretch_of(first: date, last: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """From the first moment of one day to the last of another."""
    return begin_of(first, zone), begin_of(last + timedelta(days=1), zone)


def is_zone(name: str) -> bool:
    try:
        return bool(name) and len(name) <= 64 and ZoneInfo(name) is not None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False


# --- questions that nobody could answer ------------------------------------------------------------------------------


def not_known(start: datetime, end: datetime) -> dict[int, Asked]:
    """The turns that were handed over as not known."""
    return _read_asked(_asked_in_vain(Turn.ended_at >= start, Turn.ended_at < end))


def not_known_now(turn_ids: Iterable[int]) -> dict[int, Asked]:
    """The same of these turns, inside a transaction, before whose end none of their messages is unsent or edited."""
    return _read_asked(_asked_in_vain(Turn.id.in_(list(turn_ids))).with_for_update(read=True, of=Message))


def _asked_in_vain(*which: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    return (
        select(Turn.id, Conversation.inbox_id, Turn.ended_at, Share.own_post_id, Message.text)
        .join(Conversation, Turn.conversation_id == Conversation.id)
        .join(Message, Message.turn_id == Turn.id)
        .outerjoin(Share, Share.combined_with_id == Message.id)
        .where(
            *which,
            Turn.ended_at.is_not(None),
            Turn.state == TurnState.HANDED_OVER,
            Turn.ended_why == HandOverReason.NOT_KNOWN,
            Message.deleted_at.is_(None),
        )
        .order_by(Message.sent_at, Message.id)
    )


def _read_asked(wanted: Select[*tuple[Any, ...]]) -> dict[int, Asked]:
    found: dict[int, Asked] = {}
    for turn_id, inbox_id, ended_at, post_id, words in db.session.execute(wanted):
        _inbox, _at, known_post, said = found.get(turn_id, (0, ended_at, None, ""))
        found[turn_id] = (inbox_id, ended_at, known_post or post_id, f"{said}\n{words}".strip())
    return found
