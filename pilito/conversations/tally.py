"""Keep the tallies: every quarter of an hour is counted again and again until nothing in it changes any more.

A quarter is counted from the rows, never added to, so to count it twice, late or in any order does no harm. What is to
be counted is a row (TallyMark). The present needs none of its own: each quarter is marked once when it begins and, with
each count, for the next of SETTLING. So a change is marked by whoever makes it only where it is older than HOT.
"""

import logging
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import delete, insert, select, update

from pilito.assistant.search.terms import words_of
from pilito.database import only_row, transaction
from pilito.models import OpenQuestion, Tally, TallyDay, TallyKeeper, TallyMark, TallyZone, Turn, db
from pilito.queries import tallies
from pilito.queries.tallies import QUARTER, quarter_of
from pilito.spelling import plain
from pilito.stems import stem

log = logging.getLogger(__name__)

# What changes within HOT of its time needs no mark: each quarter is counted once more when that is over, and once more
# with the time that a transaction may take. The later ones are for what nobody marks: a post recognised a day after.
HOT = timedelta(hours=2)
SETTLING = (
    timedelta(minutes=1),
    timedelta(minutes=10),
    HOT + timedelta(minutes=15),
    timedelta(hours=26),
    timedelta(days=8),
    timedelta(days=36),
)
AGAIN = timedelta(minutes=1)  # the quarter that has not ended
LEASE = timedelta(minutes=5)
BATCH = 96  # quarters in one go
BEFORE_ERASING = timedelta(minutes=10)  # after which an erasure is over, or has begun again
MOST_ZONES = 12
LONGEST_LIKENESS = 200


def mark(at: datetime, now: datetime) -> None:
    """Something that happened at `at` has changed. Called in the transaction that changes it."""
    if now - at > HOT:
        db.session.add(TallyMark(at=quarter_of(at), due_at=now))


def mark_all(times: Iterable[datetime], due_at: datetime) -> None:
    """The same for many, whatever their age."""
    quarters = sorted({quarter_of(time) for time in times})
    if quarters:
        db.session.execute(insert(TallyMark), [{"at": quarter, "due_at": due_at} for quarter in quarters])


def count_due(now: datetime) -> int:
    """Count up to BATCH quarters that are due, the newest first; return how many. Nothing while another counts."""
    run = _begin(now)
    if run is None:
        return 0
    marks = _due(now)
    quarters = sorted({at for _id, at in marks})
    for stretch in _stretches(quarters):
        _count(run, stretch, [mark_id for mark_id, at in marks if at in stretch], now)
    _end(run, now, is_done=len(quarters) < BATCH)
    return len(quarters)


def rebuild(now: datetime) -> int:
    """Mark everything from the first message on; `count_due` works it off. Returns how many quarters.

    What stands there is replaced quarter by quarter, for it alone knows what old answers cost.
    """
    first = min(filter(None, (tallies.first_message_at(), tallies.first_counted_at())), default=None)
    db.session.rollback()
    with transaction():
        db.session.execute(delete(TallyMark))
        db.session.execute(delete(TallyDay))
        quarters = list(_range(quarter_of(first), quarter_of(now) + QUARTER)) if first else []
        mark_all(quarters, now)
    return len(quarters)


# --- one run ---------------------------------------------------------------------------------------------------------


def _begin(now: datetime) -> int | None:
    """Claim the count, and mark the quarters that have begun since the last; None while another has it."""
    first = tallies.first_message_at()
    with transaction():
        keeper = only_row(TallyKeeper, run=0)
        if keeper.lease_until is not None and keeper.lease_until > now:
            return None
        keeper.run, keeper.lease_until = keeper.run + 1, now + LEASE
        start = keeper.marked_until or (quarter_of(first) if first else quarter_of(now))
        keeper.marked_until = max(start, quarter_of(now) + QUARTER)
        mark_all(_range(start, quarter_of(now) + QUARTER), now)
        return keeper.run


def _due(now: datetime) -> list[tuple[int, datetime]]:
    newest = (
        select(TallyMark.at)
        .where(TallyMark.due_at <= now)
        .distinct()
        .order_by(TallyMark.at.desc())
        .limit(BATCH)
        .subquery()
    )
    rows = db.session.execute(
        select(TallyMark.id, TallyMark.at).where(TallyMark.due_at <= now, TallyMark.at.in_(select(newest.c.at)))
    )
    return [(mark_id, at) for mark_id, at in rows]


def _count(run: int, quarters: Sequence[datetime], mark_ids: Sequence[int], now: datetime) -> None:
    """Count neighbouring quarters, and put the result in the place of what stood there."""
    start, end = quarters[0], quarters[-1] + QUARTER
    counted = tallies.count(start, end)
    unknown = tallies.not_known(start, end)
    db.session.rollback()
    with transaction():
        if not _is_ours(run):
            return
        _keep_uses(counted, quarters)
        db.session.execute(delete(Tally).where(Tally.at.in_(quarters)))
        rows = [{"at": at, "inbox_id": inbox_id, "numbers": numbers} for (at, inbox_id), numbers in counted.items()]
        if rows:
            db.session.execute(insert(Tally), rows)
        for zone in db.session.scalars(select(TallyZone.name)).all():
            _sum_days(zone, start, end)
        db.session.execute(delete(TallyMark).where(TallyMark.id.in_(mark_ids)))
        _mark_again(quarters, now)
        _keep_questions(unknown)  # last: until the commit it holds up whoever unsends one


def _keep_uses(counted: dict[tallies.Place, tallies.Numbers], quarters: Sequence[datetime]) -> None:
    """What answers cost is dropped with age, and for nothing else (`drop_model_use`): of two counts the larger one is
    of all that there was."""
    rows = db.session.execute(select(Tally.at, Tally.inbox_id, Tally.numbers).where(Tally.at.in_(quarters)))
    for at, inbox_id, numbers in rows:
        known, found = numbers.get("use", {}), counted.get((at, inbox_id), {}).get("use", {})
        if known.get("answers", 0) > found.get("answers", 0):
            counted.setdefault((at, inbox_id), {})["use"] = known


def _is_ours(run: int) -> bool:
    """Whether nobody else began to count since; nobody does before this transaction is over."""
    return db.session.scalar(select(TallyKeeper.run).with_for_update()) == run


def _mark_again(quarters: Sequence[datetime], now: datetime) -> None:
    waiting = set(
        db.session.execute(
            select(TallyMark.at, TallyMark.due_at).where(TallyMark.at.in_(quarters), TallyMark.due_at > now)
        ).tuples()
    )
    again = {(at, due_at) for at in quarters if (due_at := _next_due(at, now)) is not None} - waiting
    if again:
        db.session.execute(insert(TallyMark), [{"at": at, "due_at": due_at} for at, due_at in sorted(again)])


def _next_due(at: datetime, now: datetime) -> datetime | None:
    end = at + QUARTER
    if now < end:
        return min(now + AGAIN, end + SETTLING[0])
    return next((end + pause for pause in SETTLING if end + pause > now), None)


def _end(run: int, now: datetime, is_done: bool) -> None:
    with transaction():
        values = {"lease_until": None, **({"counted_at": now} if is_done else {})}
        db.session.execute(update(TallyKeeper).where(TallyKeeper.run == run).values(**values))


def _stretches(quarters: Sequence[datetime]) -> Iterator[list[datetime]]:
    """Neighbours together: one question to the database counts them all."""
    numbered = enumerate(quarters)
    for _start, group in groupby(numbered, key=lambda pair: pair[1] - pair[0] * QUARTER):
        yield [quarter for _index, quarter in group]


def _range(start: datetime, end: datetime) -> Iterator[datetime]:
    while start < end:
        yield start
        start += QUARTER


# --- days ------------------------------------------------------------------------------------------------------------


def keep_zone(name: str, now: datetime) -> None:
    """Have the days of this zone ready from now on; the zone that nobody has looked in for longest makes room.

    A name that is no zone is left out: it came from a cookie. Years of quarters are summed before anything is written,
    for on SQLite nobody else writes meanwhile. If a count came between, the next look at the page asks again.
    """
    if not tallies.is_zone(name):
        return
    run = _resting(now)
    is_known = db.session.scalar(select(TallyZone.id).where(TallyZone.name == name)) is not None
    first = None if is_known else db.session.scalar(select(Tally.at).order_by(Tally.at).limit(1))
    days = _days_of(name, first, quarter_of(now) + QUARTER) if first is not None else []
    db.session.rollback()
    with transaction():
        db.session.scalar(select(TallyKeeper.run).with_for_update())  # no quarter is written meanwhile
        known = db.session.scalar(select(TallyZone).where(TallyZone.name == name))
        if known is not None:
            known.asked_at = now
            return
        if is_known or run is None or _resting(now) != run:
            return
        others = db.session.scalars(select(TallyZone).order_by(TallyZone.asked_at.desc())).all()
        for one in others[MOST_ZONES - 1 :]:
            db.session.execute(delete(TallyDay).where(TallyDay.zone == one.name))
            db.session.delete(one)
        db.session.add(TallyZone(name=name, asked_at=now))
        if days:
            db.session.execute(insert(TallyDay), days)


def _resting(now: datetime) -> int | None:
    """Which count was the last, where none is under way; 0 before the first."""
    last = db.session.execute(select(TallyKeeper.run, TallyKeeper.lease_until)).first()
    if last is None:
        return 0
    return None if last.lease_until is not None and last.lease_until > now else last.run


def _sum_days(zone_name: str, start: datetime, end: datetime) -> None:
    """Sum anew every day of the zone that this stretch touches."""
    first, last = _dates_of(zone_name, start, end)
    rows = _days_of(zone_name, start, end)
    db.session.execute(delete(TallyDay).where(TallyDay.zone == zone_name, TallyDay.day >= first, TallyDay.day <= last))
    if rows:
        db.session.execute(insert(TallyDay), rows)


def _days_of(zone_name: str, start: datetime, end: datetime) -> list[dict[str, Any]]:
    """The rows of every day of the zone that this stretch touches."""
    zone = ZoneInfo(zone_name)
    stretch = tallies.stretch_of(*_dates_of(zone_name, start, end), zone)
    days = tallies.sum_quarters(tallies.quarters(*stretch), zone)
    return [
        {"zone": zone_name, "day": day, "inbox_id": inbox_id, "numbers": numbers}
        for (day, inbox_id), numbers in days.items()
    ]


def _dates_of(zone_name: str, start: datetime, end: datetime) -> tuple[date, date]:
    zone = ZoneInfo(zone_name)
    return start.astimezone(zone).date(), (end - QUARTER).astimezone(zone).date()


# --- questions without an answer -------------------------------------------------------------------------------------


def likeness_of(text: str) -> str:
    """What a question is about, in the search's one form for all spellings: equal for questions that are alike."""
    terms = " ".join(sorted({stem(word) for word in words_of(text)}))
    return (terms or plain(text).strip())[:LONGEST_LIKENESS]


def settle_questions(question_ids: Sequence[int], operator_id: int | None, now: datetime) -> int:
    """They have an answer now, or need none; return how many had been open."""
    with transaction():
        result = db.session.execute(
            update(OpenQuestion)
            .where(OpenQuestion.id.in_(question_ids), OpenQuestion.settled_at.is_(None))
            .values(settled_at=now, settled_by_id=operator_id)
            .execution_options(synchronize_session=False)
        )
        return int(result.rowcount)  # type: ignore[attr-defined]


def renew_questions(conversation_id: int) -> None:
    """A message of the conversation was taken back, or says something else: what was asked in vain is like others by
    the words that it has now, and without any it is no question. Inside the transaction that changes the message."""
    theirs = select(OpenQuestion).join(Turn, OpenQuestion.turn_id == Turn.id)
    questions = db.session.scalars(theirs.where(Turn.conversation_id == conversation_id)).all()
    asked = tallies.not_known_now(question.turn_id for question in questions) if questions else {}
    for question in questions:
        if question.turn_id in asked and asked[question.turn_id][-1]:
            _inbox, _at, question.own_post_id, said = asked[question.turn_id]
            question.likeness = likeness_of(said)
        else:
            db.session.delete(question)


def _keep_questions(turn_ids: Iterable[int]) -> None:
    """Keep those that are not kept yet, as they are now: one may have been unsent or erased since it was counted."""
    wanted = set(turn_ids)
    if not wanted:
        return
    wanted -= set(db.session.scalars(select(OpenQuestion.turn_id).where(OpenQuestion.turn_id.in_(wanted))))
    rows = [
        {"turn_id": turn_id, "inbox_id": inbox, "own_post_id": post, "asked_at": at, "likeness": likeness_of(said)}
        for turn_id, (inbox, at, post, said) in tallies.not_known_now(wanted).items()
        if said
    ]
    if rows:
        db.session.execute(insert(OpenQuestion), rows)
