"""What happened, counted in the database: sums over all processes that survive every restart."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import accumulate
from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, extract, func, literal_column, select

from pilito.database import is_sqlite
from pilito.extensions import db
from pilito.lifecycle import (
    DeliveryState,
    EventOutcome,
    MessageType,
    Sender,
    ShareState,
    TurnState,
    WebhookState,
)
from pilito.models import Delivery, Event, Inbox, Message, Proof, Share, Turn, Webhook

Counts = dict[str, int]
# A delivery of the provider that no worker has read yet; it has no outcome, so it is none of EventOutcome.
PENDING = "pending"
SENDERS = (Sender.ASSISTANT, Sender.OPERATOR, Sender.PHONE)
SECONDS_PER_DAY = 86_400
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Histogram:
    """`counts[i]` is how many took at most the i-th bound; the last one counts all."""

    counts: list[int]
    sum_seconds: float


def summary() -> dict[str, Any]:
    """Return all counts in the shape of `GET /api/v1/stats`."""
    return {
        "shares": shares(),
        "pending_share_cache": pending_share_cache(),
        "events": events(),
        "replies": replies(),
        "deliveries": deliveries(),
        "unknown_types": unknown_types(),
    }


def unknown_types() -> Counts:
    """Count the messages of kinds that this version does not know, by the provider's word; an unsent one is none."""
    where = (Message.message_type == MessageType.OTHER, Message.deleted_at.is_(None))
    return {word or "unknown": count for (word,), count in grouped(Message.provider_type, where=where).items()}


def shares() -> Counts:
    """Count the shares customers sent, and what became of them."""
    by_state = grouped(Share.state)
    received = db.session.scalar(
        select(func.count()).where(Message.message_type == MessageType.SHARE, Message.sender == Sender.CUSTOMER)
    )
    return {"received": received or 0, **{state.value: by_state.get((state,), 0) for state in ShareState}}


def pending_share_cache() -> dict[str, float | None]:
    """Tell how often Redis still knew the waiting share when its question came; the rate is None before the first."""
    found = grouped(Share.found_in_cache)
    hits, misses = found.get((True,), 0), found.get((False,), 0)
    return {"hits": hits, "misses": misses, "hit_rate": hits / (hits + misses) if hits + misses else None}


def events() -> Counts:
    """Count the events of all channels by outcome; `received` is their sum."""
    totals = dict.fromkeys((*(outcome.value for outcome in EventOutcome), PENDING), 0)
    for (_channel, outcome), count in events_by_channel().items():
        totals[outcome] += count
    return {"received": sum(totals.values()), **totals}


def events_by_channel() -> dict[tuple[str, str], int]:
    """Count the events by (channel, outcome).

    A body that waits counts as one pending event, and one that could not be read as one failed event: how many were
    in it is not known.
    """
    counts = {(channel, outcome.value): n for (channel, outcome), n in grouped(Event.channel, Event.outcome).items()}
    add_unread(counts)
    return counts


def add_unread(counts: dict[tuple[str, str], int]) -> None:
    """Add the bodies that have no events: those that wait, and those that could not be read."""
    # The state is written out and a time named, so that SQLite takes the partial indexes, which are nearly empty.
    is_pending, is_failed = (
        and_(Webhook.state == literal_column(f"'{state.value}'"), Webhook.received_at > LONG_AGO)
        for state in (WebhookState.PENDING, WebhookState.FAILED)
    )
    _add(counts, PENDING, is_pending)
    has_events = exists().where(Event.webhook_id == Webhook.id)
    _add(counts, EventOutcome.FAILED.value, is_failed, ~has_events)


def _add(counts: dict[tuple[str, str], int], outcome: str, *where: ColumnElement[bool]) -> None:
    for (channel,), count in grouped(Webhook.channel, where=where).items():
        counts[channel, outcome] = counts.get((channel, outcome), 0) + count


def replies() -> Counts:
    """Count the replies by who wrote them, and the turns the assistant gave to people instead."""
    written = grouped(Message.sender, where=(Message.sender.in_(SENDERS),))
    handed_over = db.session.scalar(select(func.count()).where(Turn.state == TurnState.HANDED_OVER))
    return {**{sender.value: written.get((sender,), 0) for sender in SENDERS}, "hand_overs": handed_over or 0}


def deliveries() -> Counts:
    """Count the deliveries of all channels by state."""
    totals = {state.value: 0 for state in DeliveryState}
    for (_channel, state), count in deliveries_by_channel().items():
        totals[state] += count
    return totals


def deliveries_by_channel() -> dict[tuple[str, str], int]:
    """Count the deliveries by (channel, state)."""
    of_inbox = Delivery.inbox_id == Inbox.id
    found = grouped(Inbox.channel, Delivery.state, where=(of_inbox,))
    return {(channel, state.value): count for (channel, state), count in found.items()}


def model_tokens() -> Counts:
    """Sum the tokens of all recorded answers by kind."""
    sums = select(func.sum(Proof.input_tokens), func.sum(Proof.output_tokens))
    read, written = db.session.execute(sums).one()
    return {"input": int(read or 0), "output": int(written or 0)}


def model_seconds(bounds: Sequence[float], *where: ColumnElement[bool]) -> Histogram:
    """Sort the model's answers by the time they took; `bounds` are seconds, rising."""
    return _histogram(select((Proof.milliseconds / 1000.0).label("seconds")).where(*where), bounds)


def reply_seconds(bounds: Sequence[float], *where: ColumnElement[bool]) -> Histogram:
    """Sort the assistant's replies by the time from the question's arrival to the channel taking the first part.

    The question's arrival is when its turn was opened: a share that had waited before does not count.
    """
    took = select(_seconds_between(Turn.opened_at, Delivery.sent_at).label("seconds")).where(
        Delivery.message_id == Message.id,
        Delivery.position == 0,
        Delivery.sent_at.is_not(None),
        Message.answers_turn_id == Turn.id,
        *where,
    )
    return _histogram(took, bounds)


def _histogram(took: Any, bounds: Sequence[float]) -> Histogram:
    """Count in the database, in one pass: one row per bucket comes back however many were measured."""
    durations = took.subquery()
    bucket = case(
        *((durations.c.seconds <= bound, literal_column(str(index))) for index, bound in enumerate(bounds)),
        else_=literal_column(str(len(bounds))),
    )
    # A subquery, because PostgreSQL does not see that a CASE with parameters equals the same CASE in GROUP BY.
    sorted_ = select(bucket.label("bucket"), durations.c.seconds).subquery()
    rows = db.session.execute(
        select(sorted_.c.bucket, func.count(), func.sum(sorted_.c.seconds)).group_by(sorted_.c.bucket)
    ).all()
    found = {bucket: count for bucket, count, _seconds in rows}
    counts = list(accumulate(found.get(index, 0) for index in range(len(bounds) + 1)))
    return Histogram(counts, sum(float(seconds) for _bucket, _count, seconds in rows))


def _seconds_between(start: Any, end: Any) -> ColumnElement[Any]:
    if is_sqlite():
        # Days since 4714 BC as a float: what lies beyond the milliseconds is rounding, and would miss a bound.
        return func.round((func.julianday(end) - func.julianday(start)) * SECONDS_PER_DAY, 3)
    return extract("epoch", end - start)


def grouped(*columns: Any, where: Sequence[ColumnElement[bool]] = ()) -> dict[tuple[Any, ...], int]:
    rows = db.session.execute(select(*columns, func.count()).where(*where).group_by(*columns))
    return {tuple(row[:-1]): row[-1] for row in rows}
