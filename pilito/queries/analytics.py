"""What the analytics page shows: sums of what was counted (models/tally.py), never a walk over messages."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, func, select, tuple_
from sqlalchemy.orm import joinedload

from pilito.extensions import db
from pilito.models import (
    Conversation,
    Inbox,
    Message,
    OpenQuestion,
    OwnPost,
    Share,
    TallyDay,
    TallyKeeper,
    TallyZone,
)
from pilito.queries import tallies
from pilito.queries.tallies import Numbers

LONGEST_DAYS = 366
NOT_COMPARED = frozenset({"post_shares", "post_questions", "hours"})  # with the time before
BY_WEEK_FROM_DAYS = 120
QUESTION_GROUPS = 150  # that are compared with each other
ALIKE = 0.5  # of their words in common


@dataclass(frozen=True)
class Period:
    """Whole days of a zone, the last one up to `now` if that is today."""

    first: date
    last: date
    zone: ZoneInfo
    now: datetime

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def is_open(self) -> bool:
        """Whether it ends today, which is not over."""
        return self.last >= self.now.astimezone(self.zone).date()

    @property
    def step(self) -> str:
        """What one bar stands for: hour, day or week."""
        return "hour" if self.days == 1 else "day" if self.days <= BY_WEEK_FROM_DAYS else "week"


@dataclass
class Report:
    """`steps` in the order of time: the beginning of each bar in the zone's clock, and its numbers.

    `compared` is what of `total` is held against `before`: all but the quarter of an hour that is not over.
    """

    period: Period
    steps: list[tuple[datetime, Numbers]]
    total: Numbers = field(default_factory=dict)
    compared: Numbers = field(default_factory=dict)
    before: Numbers = field(default_factory=dict)
    by_hour: list[list[int]] = field(default_factory=list)  # messages of customers: weekday (Monday first), hour
    is_kept: bool = True  # False: the zone's days are not ready, and were summed from the quarters


def report(period: Period, inbox_id: int | None) -> Report:
    """Sum the period, and the one before it; where today is in it, both are compared up to the same time of the day."""
    is_kept = db.session.scalar(select(TallyZone.id).where(TallyZone.name == period.zone.key)) is not None
    days: dict[date, Numbers] = {}
    before: Numbers = {}
    cut = period.first - timedelta(days=1) if period.is_open else None
    for day, numbers in _days(period, inbox_id, is_kept):
        if day >= period.first:
            _put(days, day, numbers)
        elif day != cut:
            tallies.add(before, numbers, NOT_COMPARED)
    found = Report(period, _steps(period, days, inbox_id), before=before, is_kept=is_kept)
    found.by_hour = [[0] * 24 for _ in range(7)]
    for day, numbers in days.items():
        tallies.add(found.total, numbers)
        if cut is None or day != period.last:
            tallies.add(found.compared, numbers, NOT_COMPARED)
        for hour, count in numbers.get("hours", {}).items():
            found.by_hour[day.weekday()][int(hour)] += count
    if cut is not None:
        _add_cut_day(period, period.last, inbox_id, found.compared)
        _add_cut_day(period, cut, inbox_id, before)
    return found


def sum_of(numbers: Numbers, measure: str) -> int:
    return sum(numbers.get(measure, {}).values())


def quantile(numbers: Numbers, measure: str, part: float) -> float | None:
    """How many seconds `part` of all took at most, within a few per cent; None where nothing was measured."""
    buckets = sorted((int(bucket), count) for bucket, count in numbers.get(measure, {}).items())
    wanted = part * sum(count for _bucket, count in buckets)
    passed = 0
    for bucket, count in buckets:
        if passed + count >= wanted:
            low, high = tallies.bounds_of(bucket)
            share = (wanted - passed) / count
            return low * (high / low) ** share if low else high * share
        passed += count
    return None


def counted_at() -> datetime | None:
    """When nothing was left to count; None before the first time."""
    return db.session.scalar(select(TallyKeeper.counted_at))


def inboxes() -> Sequence[Inbox]:
    return db.session.scalars(select(Inbox).order_by(Inbox.id).limit(100)).all()


def _days(period: Period, inbox_id: int | None, is_kept: bool) -> Iterable[tuple[date, Numbers]]:
    """The numbers of each day and inbox of the period and of the one before."""
    first = period.first - timedelta(days=period.days)
    if is_kept:
        wanted = select(TallyDay.day, TallyDay.numbers).where(
            TallyDay.zone == period.zone.key, TallyDay.day >= first, TallyDay.day <= period.last
        )
        if inbox_id is not None:
            wanted = wanted.where(TallyDay.inbox_id == inbox_id)
        return db.session.execute(wanted).tuples()
    summed = tallies.sum_quarters(tallies.quarters(*tallies.stretch_of(first, period.last, period.zone)), period.zone)
    return [(day, numbers) for (day, whose), numbers in summed.items() if inbox_id in (None, whose)]


def _put(days: dict[date, Numbers], day: date, numbers: Numbers) -> None:
    """A day of one inbox is taken as it is; only those of several are added."""
    if day in days:
        tallies.add(days[day], numbers)
    else:
        days[day] = numbers


def _steps(period: Period, days: dict[date, Numbers], inbox_id: int | None) -> list[tuple[datetime, Numbers]]:
    if period.step == "hour":
        return _hours(period, inbox_id)
    length = 7 if period.step == "week" else 1
    steps: list[tuple[datetime, Numbers]] = []
    for index, day in enumerate(_dates(period.first, period.last)):
        if length == 1:
            steps.append((datetime(day.year, day.month, day.day, tzinfo=period.zone), days.get(day, {})))
            continue
        if index % length == 0:
            steps.append((datetime(day.year, day.month, day.day, tzinfo=period.zone), {}))
        tallies.add(steps[-1][1], days.get(day, {}))
    return steps


def _hours(period: Period, inbox_id: int | None) -> list[tuple[datetime, Numbers]]:
    day = period.first
    hours: list[Numbers] = [{} for _ in range(24)]
    for at, whose, numbers in tallies.quarters(*tallies.stretch_of(day, day, period.zone)):
        if inbox_id in (None, whose):
            tallies.add(hours[at.astimezone(period.zone).hour], numbers)
    return [
        (datetime(day.year, day.month, day.day, hour, tzinfo=period.zone), numbers)
        for hour, numbers in enumerate(hours)
    ]


def _add_cut_day(period: Period, day: date, inbox_id: int | None, into: Numbers) -> None:
    """A day as far as today has come in whole quarters: of the one that runs, another day has all of its minutes."""
    start, _end = tallies.stretch_of(day, day, period.zone)
    passed = period.now - tallies.begin_of(period.last, period.zone)
    for _at, whose, numbers in tallies.quarters(start, start + passed - passed % tallies.QUARTER):
        if inbox_id in (None, whose):
            tallies.add(into, numbers, NOT_COMPARED)


def _dates(first: date, last: date) -> Iterable[date]:
    return (first + timedelta(days=index) for index in range((last - first).days + 1))


# --- posts -----------------------------------------------------------------------------------------------------------


def posts(ids: Sequence[int]) -> dict[int, OwnPost]:
    found = db.session.scalars(select(OwnPost).where(OwnPost.id.in_(ids)).options(joinedload(OwnPost.copy)))
    return {post.id: post for post in found}


def questions_about(own_post_id: int, start: datetime, end: datetime, limit: int) -> list[str]:
    """What customers typed about the post, the newest first."""
    return list(
        db.session.scalars(
            select(Message.text)
            .join(Share, Share.combined_with_id == Message.id)
            .where(Share.own_post_id == own_post_id, Share.sent_at >= start, Share.sent_at < end, Message.text != "")
            .order_by(Share.sent_at.desc())
            .limit(limit)
        )
    )


def shares_of(
    own_post_id: int, start: datetime, end: datetime, limit: int, before_id: int | None = None
) -> tuple[Sequence[Share], int | None]:
    """The newest shares of a post, with their conversations and customers, and the id before which there are more."""
    wanted = select(Share).where(Share.own_post_id == own_post_id, Share.sent_at >= start, Share.sent_at < end)
    last = db.session.get(Share, before_id) if before_id is not None else None
    if last is not None:
        wanted = wanted.where(tuple_(Share.sent_at, Share.id) < (last.sent_at, last.id))
    found = db.session.scalars(
        wanted.order_by(Share.sent_at.desc(), Share.id.desc())
        .limit(limit + 1)
        .options(joinedload(Share.message).joinedload(Message.conversation).joinedload(Conversation.customer))
    ).all()
    return found[:limit], found[limit - 1].id if len(found) > limit else None


def texts_of(message_ids: Iterable[int]) -> dict[int, str]:
    rows = db.session.execute(select(Message.id, Message.text).where(Message.id.in_(list(message_ids)))).tuples()
    return dict(iter(rows))


# --- questions without an answer --------------------------------------------------------------------------------------


@dataclass
class Group:
    """Questions that are alike; `newest_id` is the newest of them, whose words stand for all."""

    likenesses: list[str]
    words: frozenset[str]
    count: int
    newest_id: int
    asked_at: datetime
    posts: set[int]  # that it was asked about, by id
    own_post_id: int | None  # one of them
    text: str = ""
    inbox_id: int = 0
    conversation_id: int = 0
    message_id: int = 0


def open_groups(start: datetime, end: datetime, inbox_id: int | None, limit: int) -> list[Group]:
    """The questions of this time that nobody has settled, those that were asked most first."""
    groups = sorted(_gathered(start, end, inbox_id), key=lambda group: (-group.count, -group.newest_id))[:limit]
    _read_words(groups)
    return [group for group in groups if group.text]


def find_group(question_id: int, inbox_id: int | None = None) -> Group | None:
    """The open questions of this account, or of all, that are like this one; None where it is settled or gone."""
    question = db.session.get(OpenQuestion, question_id)
    if question is None or question.settled_at is not None:
        return None
    year = timedelta(days=LONGEST_DAYS)
    groups = _gathered(question.asked_at - year, question.asked_at + year, inbox_id)
    found = next((group for group in groups if question.likeness in group.likenesses), None)
    group = found or Group(
        [question.likeness], frozenset(), 1, question.id, question.asked_at, set(), question.own_post_id
    )
    group.newest_id = question_id
    _read_words([group])
    return group


def ids_of(group: Group, inbox_id: int | None = None) -> Sequence[int]:
    """Every open question of the group, or those of this account."""
    wanted = select(OpenQuestion.id).where(
        OpenQuestion.settled_at.is_(None), OpenQuestion.likeness.in_(group.likenesses)
    )
    return db.session.scalars(wanted if inbox_id is None else wanted.where(OpenQuestion.inbox_id == inbox_id)).all()


def _gathered(start: datetime, end: datetime, inbox_id: int | None) -> list[Group]:
    """The likenesses that were asked most, each put to the first that has half of its words in common.

    Of questions that have words: what was asked anew since has them in its new turn.
    """
    asked = _asked(start, end, inbox_id)
    wanted = select(
        OpenQuestion.likeness,
        func.count(),
        func.max(OpenQuestion.id),
        func.max(OpenQuestion.asked_at),
        func.max(OpenQuestion.own_post_id),
    ).where(*asked)
    rows = db.session.execute(
        wanted.group_by(OpenQuestion.likeness)
        .order_by(func.count().desc(), func.max(OpenQuestion.id).desc())
        .limit(QUESTION_GROUPS)
    ).all()
    posts = _posts_of([row.likeness for row in rows], asked)
    groups: list[Group] = []
    for likeness, count, newest_id, asked_at, post_id in rows:
        words = frozenset(likeness.split())
        like = next((group for group in groups if _are_alike(group.words, words)), None)
        if like is None:
            groups.append(Group([likeness], words, count, newest_id, asked_at, posts[likeness], post_id))
            continue
        like.likenesses.append(likeness)
        like.count += count
        like.posts |= posts[likeness]
        like.own_post_id = like.own_post_id or post_id
        if newest_id > like.newest_id:
            like.newest_id, like.asked_at = newest_id, asked_at
    return groups


def _asked(start: datetime, end: datetime, inbox_id: int | None) -> list[ColumnElement[bool]]:
    words_of = select(Message.id).where(Message.turn_id == OpenQuestion.turn_id, Message.text != "")
    asked = [
        OpenQuestion.settled_at.is_(None),
        OpenQuestion.asked_at >= start,
        OpenQuestion.asked_at < end,
        words_of.exists(),
    ]
    return asked if inbox_id is None else [*asked, OpenQuestion.inbox_id == inbox_id]


def _posts_of(likenesses: Sequence[str], asked: Sequence[ColumnElement[bool]]) -> dict[str, set[int]]:
    """The posts by likeness: two that go together may be about the same one, which no sum of counts would know."""
    posts: dict[str, set[int]] = {likeness: set() for likeness in likenesses}
    wanted = select(OpenQuestion.likeness, OpenQuestion.own_post_id).distinct()
    for likeness, post_id in db.session.execute(wanted.where(*asked, OpenQuestion.likeness.in_(likenesses))):
        if post_id is not None:
            posts[likeness].add(post_id)
    return posts


def _are_alike(some: frozenset[str], others: frozenset[str]) -> bool:
    return len(some & others) >= ALIKE * len(some | others)


def _read_words(groups: list[Group]) -> None:
    rows = db.session.execute(
        select(OpenQuestion.id, OpenQuestion.inbox_id, Message.conversation_id, Message.id, Message.text)
        .join(Message, Message.turn_id == OpenQuestion.turn_id)
        .where(OpenQuestion.id.in_([group.newest_id for group in groups]), Message.text != "")
        .order_by(Message.sent_at, Message.id)
    )
    by_id = {group.newest_id: group for group in groups}
    for question_id, inbox_id, conversation_id, message_id, text in rows:
        group = by_id[question_id]
        group.inbox_id, group.conversation_id, group.message_id = inbox_id, conversation_id, message_id
        group.text = f"{group.text}\n{text}".strip()
