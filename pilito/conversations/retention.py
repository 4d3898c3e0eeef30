"""What is kept for a while only: bodies of webhooks, what answers have cost, customers who have been silent for long.

Each is off or on by a setting in days. The outcome of each event stays on the ledger; a silent customer goes with
everything, by the same way as one who asked for it.
"""

import logging
from datetime import datetime, timedelta
from typing import Any

from redis.exceptions import RedisError
from sqlalchemy import and_, delete, func, or_, select, update

from pilito import keys
from pilito.conversations.erase import erase_customer
from pilito.database import transaction
from pilito.errors import Refused
from pilito.extensions import redis, settings
from pilito.lifecycle import WebhookState
from pilito.models import Conversation, ModelUse, Webhook, db

log = logging.getLogger(__name__)

WINDOW = 2_000  # webhooks looked at in one transaction, by their ids
WINDOWS = 50  # in one run, so that a run ends within seconds
CUSTOMERS = 20  # in one run


def let_go(now: datetime) -> tuple[int, int]:
    """Return how many bodies were emptied and how many customers erased; what is left comes with the next run."""
    drop_model_use(now)
    return _empty_bodies(now), _erase_silent(now)


def drop_model_use(now: datetime) -> int:
    """Delete what was written down of old answers' cost; return how many rows. The newest row always stays.

    The tallies have counted them by the day long since.
    """
    if not settings.keep_model_use_days:
        return 0
    before, dropped = now - timedelta(days=settings.keep_model_use_days), 0
    newest = select(func.max(ModelUse.id)).scalar_subquery()
    for _ in range(WINDOWS):
        old = select(ModelUse.id).where(ModelUse.at < before, ModelUse.id < newest).order_by(ModelUse.at).limit(WINDOW)
        with transaction():
            gone: Any = db.session.execute(delete(ModelUse).where(ModelUse.id.in_(old.scalar_subquery())))
        dropped += int(gone.rowcount)
        if gone.rowcount < WINDOW:
            break
    return dropped


# --- bodies ----------------------------------------------------------------------------------------------------------


def _empty_bodies(now: datetime) -> int:
    if not settings.keep_bodies_days:
        return 0
    before, done, emptied = now - timedelta(days=settings.keep_bodies_days), _done_until(), 0
    for _ in range(WINDOWS):
        upper = _end_of_window(done, before)
        if upper is None:
            break
        emptied += _empty_window(done, upper)
        done = upper
    _remember(done)
    if emptied:
        log.info("Emptied %s bodies of the ledger that are older than %s days.", emptied, settings.keep_bodies_days)
    return emptied


def _end_of_window(done: int, before: datetime) -> int | None:
    """The last id of the next window that is old as a whole; ids grow with time. None: there is none yet."""
    ids = select(Webhook.id, Webhook.received_at).where(Webhook.id > done).order_by(Webhook.id).limit(WINDOW).subquery()
    last, newest = db.session.execute(select(func.max(ids.c.id), func.max(ids.c.received_at))).one()
    db.session.rollback()
    if last is None:
        return None
    if newest < before:
        return int(last)
    # The window reaches into what is kept: only its old beginning is done, and looked at again next time.
    return _old_beginning(done, before)


def _old_beginning(done: int, before: datetime) -> int | None:
    ids = select(Webhook.id, Webhook.received_at).where(Webhook.id > done).order_by(Webhook.id).limit(WINDOW).subquery()
    first_kept = db.session.scalar(select(func.min(ids.c.id)).where(ids.c.received_at >= before))
    db.session.rollback()
    return int(first_kept) - 1 if first_kept is not None and first_kept - 1 > done else None


def _empty_window(done: int, upper: int) -> int:
    """A body that is still to be read is left; it is old only because reading failed us for long."""
    with transaction():
        found: Any = db.session.execute(
            update(Webhook)
            .where(
                Webhook.id > done,
                Webhook.id <= upper,
                Webhook.state != WebhookState.PENDING,
                func.length(Webhook.body) > 0,
            )
            .values(body=b"")
            .execution_options(synchronize_session=False)
        )
    return int(found.rowcount)


def look_again() -> None:
    """Forget how far the ledger is emptied: after a restore the same ids may be other rows, with their bodies."""
    try:
        redis.delete(keys.BODIES_EMPTIED)
    except RedisError as error:
        log.warning("Redis still knows how far another ledger was emptied (%s): delete %s.", error, keys.BODIES_EMPTIED)


def _done_until() -> int:
    """Up to which id the bodies are empty. Redis only saves looking at them again; a mark that lies above every row is
    of another database."""
    try:
        done = int(redis.get(keys.BODIES_EMPTIED) or 0)
    except RedisError:
        return 0
    newest = db.session.scalar(select(func.max(Webhook.id))) or 0
    db.session.rollback()
    return done if done <= newest else 0


def _remember(done: int) -> None:
    try:
        redis.set(keys.BODIES_EMPTIED, done)
    except RedisError as error:
        log.warning("Redis did not keep how far the ledger is emptied (%s); it is looked through again.", error)


# --- customers -------------------------------------------------------------------------------------------------------


def _erase_silent(now: datetime) -> int:
    if not settings.keep_silent_customers_days:
        return 0
    before = now - timedelta(days=settings.keep_silent_customers_days)
    # Some never wrote: an emoji on a post, a tap on an advertisement.
    last_at = func.coalesce(Conversation.last_message_at, Conversation.created_at)
    ids = db.session.scalars(
        select(Conversation.customer_id)
        .where(
            or_(
                Conversation.last_message_at < before,
                and_(Conversation.last_message_at.is_(None), Conversation.created_at < before),
            )
        )
        .order_by(last_at)
        .limit(CUSTOMERS)
    ).all()
    db.session.rollback()
    return sum(_erase_one(customer_id, before, now) for customer_id in ids)


def _erase_one(customer_id: int, before: datetime, now: datetime) -> bool:
    """An erasure walks the whole ledger, so the last of many begins minutes after they were found: who has written
    meanwhile stays."""
    try:
        erase_customer(customer_id, now, silent_since=before)
    except Refused as refusal:
        log.info("Customer %s is not erased for their silence: %s", customer_id, refusal)
        return False
    return True
