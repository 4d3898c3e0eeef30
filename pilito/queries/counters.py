"""The counters of /metrics: sums that are kept (models/counter.py), plus a count of the rows that came since.

Per source a function counts a range of ids into flat names. A row counts into the sums once its last word is said; what
still moves (an uncertain send, a waiting share) is counted anew each time.
"""

from collections import Counter as Counts
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, func, literal_column, select

from pilito.extensions import db
from pilito.lifecycle import DeliveryState, MessageType, Sender, ShareState, TurnState
from pilito.models import Counter, Delivery, Event, Inbox, Message, Proof, Share, Turn
from pilito.models.delivery import VOID
from pilito.models.message import UNDONE
from pilito.queries import stats
from pilito.queries.stats import Histogram

# Seconds. A reply waits for quiet (3 s) and for the model; people are told after a minute or so. They are part of what
# is kept: with other bounds the source needs another name, so that it is counted anew.
REPLY_BOUNDS = (1.0, 2.5, 5.0, 7.5, 10.0, 15.0, 20.0, 30.0, 45.0, 60.0, 120.0, 300.0, 900.0, 3600.0)
MODEL_BOUNDS = (0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 7.5, 10.0, 15.0, 20.0, 30.0, 60.0)
# So long after it was sent a share changes its state no more: no event comes as late.
SHARES_REST_AFTER = timedelta(days=7)

Numbers = dict[str, float]
Condition = ColumnElement[bool]


def totals(*names: str) -> dict[str, Numbers]:
    """The numbers of these sources, or of all, the newest rows included."""
    kept = {one.source: one for one in db.session.scalars(select(Counter))}
    return {name: _total(SOURCES[name], kept.get(name)) for name in names or SOURCES}


def _total(source: "Source", kept: Counter | None) -> Numbers:
    numbers = Counts(kept.numbers if kept else {})
    numbers.update(source.count(source.model.id > kept.until_id if kept else source.model.id > 0))
    return dict(numbers)


def labelled(numbers: Mapping[str, float], head: str) -> list[tuple[tuple[str, ...], float]]:
    """The numbers under this head, by their labels: `sent|instagram|sent` is ("instagram", "sent") of `sent`."""
    found = ((tuple(name.split("|")), count) for name, count in numbers.items())
    return [(parts[1:], count) for parts, count in found if parts[0] == head]


def histogram(numbers: Mapping[str, float], bounds: tuple[float, ...]) -> Histogram:
    counts = [int(numbers.get(f"within|{bound}", 0)) for bound in (*bounds, "Inf")]
    return Histogram(counts, numbers.get("seconds", 0.0))


# --- what each source counts -----------------------------------------------------------------------------------------


def _events(rows: Condition) -> Numbers:
    # One word of both: by the columns themselves SQLite would group along their index, which is all rows there are.
    name: ColumnElement[str] = literal_column("'event|' || event.channel || '|' || event.outcome")
    return {name: count for (name,), count in stats.grouped(name, where=(rows,)).items()}


def _messages(rows: Condition) -> Numbers:
    numbers: Counts[str] = Counts()
    is_share = (Message.message_type == MessageType.SHARE).label("is_share")
    was_sent = Message.origin.is_distinct_from(UNDONE)
    for (sender, shares), count in stats.grouped(Message.sender, is_share, where=(rows, was_sent)).items():
        numbers[f"by|{sender.value}"] += count
        if shares and sender is Sender.CUSTOMER:
            numbers["shares"] += count
    return dict(numbers)


def _shares(rows: Condition) -> Numbers:
    numbers: Counts[str] = Counts()
    for (state, found), count in stats.grouped(Share.state, Share.found_in_cache, where=(rows,)).items():
        numbers[state.value] += count
        if found is not None:
            numbers["hits" if found else "misses"] += count
    return dict(numbers)


def _turns(rows: Condition) -> Numbers:
    grouped = stats.grouped(Turn.ended_why, where=(rows, Turn.state == TurnState.HANDED_OVER))
    return {f"handed_over|{why or 'unknown'}": count for (why,), count in grouped.items()}


def _deliveries(rows: Condition) -> Numbers:
    # What its writer took back has not failed, nor what became void: whoever is called when deliveries fail is not
    # called for it.
    is_counted = Delivery.error.is_(None) | Delivery.error.not_in((UNDONE, *VOID))
    wanted = (rows, Delivery.inbox_id == Inbox.id, is_counted)
    grouped = stats.grouped(Inbox.channel, Delivery.state, where=wanted)
    numbers: Numbers = {f"sent|{channel}|{state.value}": count for (channel, state), count in grouped.items()}
    return numbers | _flat(stats.reply_seconds(REPLY_BOUNDS, rows), REPLY_BOUNDS)


def _proofs(rows: Condition) -> Numbers:
    sums = select(func.sum(Proof.input_tokens), func.sum(Proof.output_tokens)).where(rows)
    read, written = db.session.execute(sums).one()
    numbers: Numbers = {"tokens|input": int(read or 0), "tokens|output": int(written or 0)}
    return numbers | _flat(stats.model_seconds(MODEL_BOUNDS, rows), MODEL_BOUNDS)


def _flat(measured: Histogram, bounds: tuple[float, ...]) -> Numbers:
    names = [f"within|{bound}" for bound in (*bounds, "Inf")]
    return {**dict(zip(names, measured.counts, strict=True)), "seconds": measured.sum_seconds}


# --- up to where a source rests --------------------------------------------------------------------------------------


def _newest(model: Any) -> int:
    return int(db.session.scalar(select(func.max(model.id))) or 0)


def _before_unfinished(model: Any, *states: Any) -> int:
    """Up to the oldest row that still moves."""
    oldest = db.session.scalar(select(func.min(model.id)).where(model.state.in_(states)))
    return oldest - 1 if oldest else _newest(model)


def _resting_shares(now: datetime) -> int:
    settled = select(Share.id).where(Share.sent_at < now - SHARES_REST_AFTER).order_by(Share.id.desc()).limit(1)
    return min(db.session.scalar(settled) or 0, _before_unfinished(Share, ShareState.WAITING))


@dataclass(frozen=True)
class Source:
    """`rests(now)` is the newest id up to which, at this moment, no row will change."""

    model: Any
    count: Callable[[Condition], Numbers]
    rests: Callable[[datetime], int]

    def between(self, after: int, until: int) -> Condition:
        return and_(self.model.id > after, self.model.id <= until)


UNSENT = (DeliveryState.PENDING, DeliveryState.SENDING, DeliveryState.UNKNOWN)
SOURCES = {
    "event": Source(Event, _events, lambda _now: _newest(Event)),
    "message": Source(Message, _messages, lambda _now: _newest(Message)),
    "share": Source(Share, _shares, _resting_shares),
    "turn": Source(Turn, _turns, lambda _now: _before_unfinished(Turn, TurnState.OPEN, TurnState.GENERATING)),
    "delivery": Source(Delivery, _deliveries, lambda _now: _before_unfinished(Delivery, *UNSENT)),
    "proof": Source(Proof, _proofs, lambda _now: _newest(Proof)),
}
