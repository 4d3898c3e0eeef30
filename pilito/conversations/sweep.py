"""Finish what a crash, a lost job or a dead scheduler left: a look at the rows, every few seconds."""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import or_, select

from pilito import hints, keys
from pilito.conversations import media_mark
from pilito.conversations.deliver import mark_unknown
from pilito.conversations.edit import settle_early_edits
from pilito.conversations.expire import expire_due
from pilito.conversations.give_back_due import give_back_due
from pilito.conversations.lock import get_locked
from pilito.conversations.one_by_one import one_by_one
from pilito.conversations.release import release_lost
from pilito.conversations.snooze import wake_snoozed
from pilito.conversations.take_turns import oldest_of_each
from pilito.database import DATABASE_AWAY, NoTurn, is_sqlite, transaction
from pilito.lifecycle import DeliveryState, InboxState, MediaState, ReadingState, TurnState
from pilito.models import Delivery, Inbox, MediaFile, Reading, Turn, Webhook, db
from pilito.models.ledger import IS_PENDING

log = logging.getLogger(__name__)

GRACE = timedelta(seconds=3)  # younger rows have a job on its way
BATCH = 200
FIRST = 25  # of a long queue's rows, at each look

Look = Callable[[datetime], int]


def sweep(now: datetime) -> dict[str, int]:
    """Wake every unfinished row whose time has come; return how many of each kind.

    A row that its own verb cannot take breaks the look at its kind, and no other. On PostgreSQL, which locks rows, so
    does one that somebody else holds for too long.
    """
    looks: dict[str, Look] = {
        "webhooks": _wake_webhooks,
        "shares": expire_due,
        "turns": _wake_turns,
        "deliveries": _wake_deliveries,
        "lost_sends": _mark_lost_sends,
        "returned": wake_snoozed,
        "released": release_lost,
        "given_back": give_back_due,
        "early_edits": settle_early_edits,
        "media": partial(_wake_media, MediaState.PENDING, keys.MEDIA_JOB),
        "readings": _wake_readings,
        "dropped_media": _wake_dropped_media,
    }
    found = {kind: _look(kind, look, now) for kind, look in looks.items()}
    db.session.rollback()
    if any(found.values()):
        log.info("Sweep found unfinished rows: %s", {kind: count for kind, count in found.items() if count})
    return found


def _look(kind: str, look: Look, now: datetime) -> int:
    try:
        return look(now)
    except NoTurn as error:
        if is_sqlite():
            raise  # one lock for all kinds
        log.info("Of the %s somebody holds one; those behind it are taken at the next look. %s", kind, error)
        return 0
    except DATABASE_AWAY:
        raise  # the database is away, for the others too
    except Exception:
        db.session.rollback()
        log.exception("The sweep broke at its %s; it looks at the others, and at these again the next time.", kind)
        return 0


def _wake_webhooks(now: datetime) -> int:
    """Those whose reading stopped, and the oldest of each account: who reads it goes on with what else is unread.

    Read in turns, none of an account is read before its oldest: one that kills who reads it must be counted.
    """
    stopped = select(Webhook.id).where(IS_PENDING, Webhook.lease_until <= now).order_by(Webhook.lease_until)
    oldest = [one.id for one in oldest_of_each(FIRST) if one.received_at <= now - GRACE]
    ids = [*db.session.scalars(stopped.limit(FIRST)), *oldest]
    db.session.rollback()
    return hints.hint_first(keys.RECEIVE, keys.RETAKE_JOB, ids[:FIRST]) if ids else 0


def _wake_turns(now: datetime) -> int:
    overdue = select(Turn.id).where(
        or_(
            (Turn.state == TurnState.OPEN) & (Turn.due_at <= now - GRACE),
            (Turn.state == TurnState.GENERATING) & (Turn.lease_until <= now),
        )
    )
    ids = db.session.scalars(overdue.order_by(Turn.due_at).limit(BATCH)).all()
    return _wake(keys.REPLIES, keys.ANSWER_JOB, ids)


def _wake_deliveries(now: datetime) -> int:
    overdue = (
        select(Delivery.message_id)
        .join(Inbox, Delivery.inbox_id == Inbox.id)
        .where(
            Delivery.state == DeliveryState.PENDING,
            Delivery.due_at <= now - GRACE,
            Inbox.state == InboxState.ACTIVE,
            or_(Inbox.paused_until.is_(None), Inbox.paused_until <= now),
        )
        .order_by(Delivery.due_at)
        .limit(BATCH)
    )
    ids = list(dict.fromkeys(db.session.scalars(overdue)))
    return _wake(keys.DELIVERIES, keys.DELIVER_JOB, ids)


def _wake_media(state: MediaState, job: str, now: datetime) -> int:
    overdue = select(MediaFile.id).where(
        MediaFile.state == state,
        MediaFile.due_at <= now - GRACE,
        or_(MediaFile.lease_until.is_(None), MediaFile.lease_until <= now),
    )
    ids = db.session.scalars(overdue.order_by(MediaFile.due_at).limit(BATCH)).all()
    return _wake(keys.MEDIA, job, ids)


def _wake_dropped_media(now: datetime) -> int:
    return 0 if media_mark.is_held() else _wake_media(MediaState.DROPPED, keys.DROP_MEDIA_JOB, now)


def _wake_readings(now: datetime) -> int:
    overdue = select(Reading.id).where(
        Reading.state == ReadingState.PENDING,
        Reading.due_at <= now - GRACE,
        or_(Reading.lease_until.is_(None), Reading.lease_until <= now),
    )
    ids = db.session.scalars(overdue.order_by(Reading.due_at).limit(BATCH)).all()
    return _wake(keys.READINGS, keys.READ_JOB, ids)


def _wake(queue_name: str, job: str, ids: Sequence[int]) -> int:
    """Hint the rows; where the queue is long, only the oldest, before all else.

    Most of their jobs are in it, and it would only grow. But one whose job was lost would come after all that is newer.
    """
    db.session.rollback()  # no transaction is open while Redis is asked
    if not ids:
        return 0
    if hints.is_busy(queue_name):
        return hints.hint_first(queue_name, job, ids[:FIRST])
    for row_id in ids:
        hints.hint(queue_name, job, row_id)
    return len(ids)


def _mark_lost_sends(now: datetime) -> int:
    """A `sending` whose worker is gone may have been sent or not."""
    lost = select(Delivery.id, Delivery.conversation_id).where(
        Delivery.state == DeliveryState.SENDING, Delivery.lease_until <= now
    )
    due = dict(db.session.execute(lost.limit(BATCH)).tuples().all())
    one_by_one("lost_sends", due, lambda delivery_id: _mark_lost(delivery_id, due[delivery_id], now))
    return len(due)


def _mark_lost(delivery_id: int, conversation_id: int, now: datetime) -> None:
    with transaction() as tx:
        conversation = get_locked(conversation_id)
        delivery = db.session.get_one(Delivery, delivery_id, populate_existing=True)
        if delivery.state is DeliveryState.SENDING and delivery.lease_until and delivery.lease_until <= now:
            mark_unknown(tx, conversation, delivery, now)
