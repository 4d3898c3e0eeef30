"""Read a webhook of the ledger: every item in it becomes rows and gets its one outcome."""

import logging
from collections.abc import Callable
from datetime import datetime

from rq.timeouts import JobTimeoutException
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from pilito.channels.base import Echo, Ignored, Inbound, Item, PublicComment, Unreadable, Unsend
from pilito.conversations import pending_share
from pilito.conversations.comments import take_comment
from pilito.conversations.echo import take_echo
from pilito.conversations.outcome import Outcome
from pilito.conversations.store import store_message
from pilito.conversations.unsend import unsend
from pilito.database import Transaction, transaction
from pilito.extensions import channels
from pilito.lifecycle import EventOutcome, MessageType, WebhookState
from pilito.models import Conversation, Customer, Event, Inbox, Webhook, db

log = logging.getLogger(__name__)

# Two workers that store the same message at once collide on its unique key; the second look sees a duplicate.
COLLISIONS = 3
REASON_CHARACTERS = 500
# Says nothing about the item: the row stays pending, and the sweep comes back to it.
PASSING = (OperationalError, InterfaceError, PoolTimeout, JobTimeoutException)

Become = Callable[[Transaction, Inbox | None], Outcome]


def receive(webhook_id: int, now: datetime) -> None:
    """Read the webhook once, whoever asks and however often. One bad item never loses its neighbours.

    Raises OperationalError when the database is away: the row stays pending, and the sweep comes back to it.
    """
    webhook = db.session.get(Webhook, webhook_id)
    if webhook is None or webhook.state is not WebhookState.PENDING:
        return
    channel, body, received_at = webhook.channel, webhook.body, webhook.received_at
    db.session.rollback()
    items = channels[channel].parse(body, received_at) or [Ignored("empty", "a body without events")]
    for position, item in enumerate(items):
        is_last = position == len(items) - 1
        _receive_item(webhook_id, channel, position, item, now, is_last)


def _receive_item(webhook_id: int, channel: str, position: int, item: Item, now: datetime, is_last: bool) -> None:
    cached = _recall_share(channel, item)

    def become(tx: Transaction, inbox: Inbox | None) -> Outcome:
        return _become(tx, inbox, item, now, cached)

    try:
        _store_colliding(webhook_id, position, item, now, is_last, become)
    except PASSING:
        raise
    except Exception as error:  # a bug or a hostile item: it is kept, shown and can be replayed
        log.exception("Item %s of webhook %s failed; it stays on the ledger.", position, webhook_id)
        failed = Outcome(EventOutcome.FAILED, f"{type(error).__name__}: {error}"[:REASON_CHARACTERS])
        _store(webhook_id, position, item, now, is_last, lambda _tx, _inbox: failed)


def _recall_share(channel: str, item: Item) -> int | None:
    """What Redis knows of a waiting share, asked before the transaction: none is open during a network call."""
    if not isinstance(item, Inbound) or item.message_type is not MessageType.TEXT:
        return None
    if not channels[channel].shares_wait:
        return None
    conversation_id = db.session.scalar(
        select(Conversation.id)
        .join(Conversation.customer)
        .join(Customer.inbox)
        .where(
            Inbox.channel == channel,
            Inbox.external_id == item.account_id,
            Customer.external_id == item.customer_id,
        )
    )
    db.session.rollback()
    return pending_share.recall(conversation_id) if conversation_id else None


def _store_colliding(webhook_id: int, position: int, item: Item, now: datetime, is_last: bool, become: Become) -> None:
    for look in range(COLLISIONS):
        try:
            _store(webhook_id, position, item, now, is_last, become)
            break
        except IntegrityError:
            if look == COLLISIONS - 1:
                raise


def _store(webhook_id: int, position: int, item: Item, now: datetime, is_last: bool, become: Become) -> None:
    """Give one item its outcome, in one transaction. The webhook's row lock keeps a second worker out."""
    with transaction() as tx:
        webhook = db.session.get_one(Webhook, webhook_id, with_for_update=True, populate_existing=True)
        if webhook.state is not WebhookState.PENDING:
            return
        if not _is_on_ledger(webhook_id, position):
            _write_event(webhook, position, item, now, become, tx)
        if is_last:
            _finish(webhook, now)


def _is_on_ledger(webhook_id: int, position: int) -> bool:
    event = select(Event.id).where(Event.webhook_id == webhook_id, Event.position == position)
    return db.session.scalar(event) is not None


def _write_event(webhook: Webhook, position: int, item: Item, now: datetime, become: Become, tx: Transaction) -> None:
    inbox = _find_inbox(webhook.channel, item.account_id)
    outcome = become(tx, inbox)
    db.session.add(
        Event(
            webhook_id=webhook.id,
            position=position,
            channel=webhook.channel,
            inbox_id=inbox.id if inbox else None,
            kind=item.kind[:64],
            outcome=outcome.outcome,
            reason=outcome.reason,
            message_id=outcome.message_id,
            created_at=now,
        )
    )


def _find_inbox(channel: str, account_id: str | None) -> Inbox | None:
    if account_id is None:
        return None
    return db.session.scalar(select(Inbox).where(Inbox.channel == channel, Inbox.external_id == account_id))


def _become(tx: Transaction, inbox: Inbox | None, item: Item, now: datetime, cached: int | None) -> Outcome:
    """Turn an item into rows and say what became of it."""
    if isinstance(item, Ignored):
        return Outcome(EventOutcome.IGNORED, item.reason)
    if isinstance(item, Unreadable):
        return Outcome(EventOutcome.FAILED, item.reason)
    if inbox is None:
        return Outcome(EventOutcome.IGNORED, f"unknown account {item.account_id}")
    if isinstance(item, Echo):
        return take_echo(tx, inbox, item, now)
    if isinstance(item, Unsend):
        return unsend(tx, inbox, item, now)
    if isinstance(item, PublicComment):
        return take_comment(tx, inbox, item, now)
    return store_message(tx, inbox, item, now, cached)


def _finish(webhook: Webhook, now: datetime) -> None:
    """Close the webhook; one that holds a failed event is marked, so that a person finds it."""
    db.session.flush()
    reasons = db.session.scalars(
        select(Event.reason).where(Event.webhook_id == webhook.id, Event.outcome == EventOutcome.FAILED)
    ).all()
    webhook.state = WebhookState.FAILED if reasons else WebhookState.READ
    webhook.error = "; ".join(reason or "" for reason in reasons)[:REASON_CHARACTERS] or None
    webhook.read_at = now
    webhook.attempts += 1
