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
    EventOutcome,
    MessageType,
    Sender,
    WebhookState,
)
from pilito.models import Delivery, Event, Message, Proof, Turn, Webhook
from pilito.models.ledger import IS_PENDING

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


def unknown_types() -> Counts:
    """Count the messages of kinds that this version does not know, by the provider's word; an unsent one is none."""
    where = (Message.message_type == MessageType.OTHER, Message.deleted_at.is_(None))
    return {word or "unknown": count for (word,), count in grouped(Message.provider_type, where=where).items()}


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


def unread_webhooks(now: datetime) -> tuple[int, float]:
    """How many wait to be read, and for how many seconds the oldest of them."""
    waiting = select(func.count(), func.min(Webhook.received_at)).where(IS_PENDING, Webhook.received_at > LONG_AGO)
    count, oldest = db.session.execute(waiting).one()
    return int(count), max(0.0, (now - oldest).total_seconds()) if oldest else 0.0


def _add(counts: dict[tuple[str, str], int], outcome: str, *where: ColumnElement[bool]) -> None:
    for (channel,), count in grouped(Webhook.channel, where=where).items():
        counts[channel, outcome] = counts.get((channel, outcome), 0) + count


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
