"""Read a webhook of the ledger: every item in it becomes rows and gets its one outcome."""

import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from rq.timeouts import JobTimeoutException
from sqlalchemy import Row, bindparam, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from pilito.channels.base import (
    Echo,
    Edit,
    Ignored,
    Inbound,
    Item,
    Notice,
    Opened,
    PublicComment,
    Reaction,
    Seen,
    Unreadable,
    Unsend,
)
from pilito.conversations import pending_share
from pilito.conversations.comments import take_comment
from pilito.conversations.echo import take_echo
from pilito.conversations.edit import Place, edit
from pilito.conversations.erase import ERASED_ACCOUNT, ERASED_CUSTOMER, is_erased, was_account
from pilito.conversations.forget import redact
from pilito.conversations.notice import take_notice, take_opening
from pilito.conversations.outcome import Outcome
from pilito.conversations.react import react
from pilito.conversations.see import see
from pilito.conversations.store import store_message
from pilito.conversations.unsend import unsend
from pilito.database import DATABASE_AWAY, Transaction, transaction
from pilito.extensions import channels
from pilito.lifecycle import EventOutcome, MessageType, WebhookState
from pilito.models import Conversation, Customer, Event, Inbox, Webhook, db

log = logging.getLogger(__name__)

# Two workers that store the same message at once collide on its unique key; the second look sees a duplicate.
COLLISIONS = 3
REASON_CHARACTERS = 500
SIGN_OF_LIFE_EVERY = timedelta(minutes=1)
# Says nothing about the item: the row stays pending, and the sweep comes back to it.
PASSING = (*DATABASE_AWAY, JobTimeoutException)

# The questions that every event asks, built once: building them cost as much as asking them.
READ_WEBHOOK = select(Webhook.state, Webhook.channel, Webhook.body, Webhook.received_at).where(
    Webhook.id == bindparam("webhook")
)
LOCK_WEBHOOK = (
    select(
        Webhook.id,
        Webhook.state,
        Webhook.channel,
        Webhook.received_at,
        select(Event.id)
        .where(Event.webhook_id == Webhook.id, Event.position == bindparam("position"))
        .scalar_subquery()
        .label("event_id"),
    )
    .where(Webhook.id == bindparam("webhook"))
    .with_for_update(of=Webhook)
)
# Somebody who has the row is reading it: to wait for them would be to read the next one together with them as well.
LOCK_FIRST = LOCK_WEBHOOK.with_for_update(of=Webhook, skip_locked=True)
FIND_INBOX = select(Inbox).where(Inbox.channel == bindparam("channel"), Inbox.external_id == bindparam("account"))
FIND_CONVERSATION = (
    select(Conversation.id)
    .join(Conversation.customer)
    .join(Customer.inbox)
    .where(
        Inbox.channel == bindparam("channel"),
        Inbox.external_id == bindparam("account"),
        Customer.external_id == bindparam("customer"),
    )
)
NOTEWORTHY = select(Event.outcome, Event.reason).where(
    Event.webhook_id == bindparam("webhook"),
    or_(Event.outcome == EventOutcome.FAILED, Event.reason.in_((ERASED_CUSTOMER, ERASED_ACCOUNT))),
)
TOLD_AS_ERASED = select(Event.position).where(Event.webhook_id == bindparam("webhook"), Event.reason == ERASED_CUSTOMER)
CLOSE_WEBHOOK = (
    update(Webhook.__table__)
    .where(Webhook.id == bindparam("webhook"))
    .values(
        attempts=Webhook.attempts + 1,
        lease_until=None,
        account="",
        state=bindparam("state"),
        error=bindparam("error"),
        read_at=bindparam("read_at"),
    )
)

Become = Callable[[Transaction, Inbox | None], Outcome]

VERBS: dict[type, Callable[[Transaction, Inbox, Any, datetime], Outcome]] = {
    Echo: take_echo,
    Unsend: unsend,
    Reaction: react,
    Seen: see,
    Opened: take_opening,
    Notice: take_notice,
    PublicComment: take_comment,
}


def receive(webhook_id: int, now: datetime) -> bool:
    """Read the webhook once, whoever asks and however often. One bad item never loses its neighbours.

    Return whether it was ours to read: False where somebody else has read it, or is reading it.
    Raises OperationalError when the database is away: the row stays pending, and the sweep comes back to it.
    """
    webhook = db.session.execute(READ_WEBHOOK, {"webhook": webhook_id}).one_or_none()
    db.session.rollback()
    if webhook is None or webhook.state is not WebhookState.PENDING:
        return False
    channel, body, received_at = webhook.channel, webhook.body, webhook.received_at
    items = channels[channel].parse(body, received_at) or [Ignored("empty", "a body without events")]
    for position, item in enumerate(items):
        is_last = position == len(items) - 1
        if not _receive_item(webhook_id, channel, position, item, now, is_last):
            return False
    return True


def _receive_item(webhook_id: int, channel: str, position: int, item: Item, now: datetime, is_last: bool) -> bool:
    """Return whether the webhook is still to be read by us."""
    cached = _recall_share(channel, item)

    def become(tx: Transaction, inbox: Inbox | None) -> Outcome:
        return _become(tx, inbox, item, now, cached, (webhook_id, position))

    try:
        return _store_colliding(webhook_id, position, item, now, is_last, become)
    except PASSING:
        raise
    except Exception as error:  # a bug or a hostile item: it is kept, shown and can be replayed
        log.exception("Item %s of webhook %s failed; it stays on the ledger.", position, webhook_id)
        failed = Outcome(EventOutcome.FAILED, f"{type(error).__name__}: {error}"[:REASON_CHARACTERS])
        return _store(webhook_id, position, item, now, is_last, lambda _tx, _inbox: failed)


def _recall_share(channel: str, item: Item) -> int | None:
    """What Redis knows of a waiting share, asked before the transaction: none is open during a network call."""
    if not isinstance(item, Inbound) or item.message_type is not MessageType.TEXT:
        return None
    if not channels[channel].shares_wait:
        return None
    conversation_id = db.session.scalar(
        FIND_CONVERSATION, {"channel": channel, "account": item.account_id, "customer": item.customer_id}
    )
    db.session.rollback()
    return pending_share.recall(conversation_id) if conversation_id else None


def _store_colliding(webhook_id: int, position: int, item: Item, now: datetime, is_last: bool, become: Become) -> bool:
    for _ in range(COLLISIONS - 1):
        with suppress(IntegrityError):
            return _store(webhook_id, position, item, now, is_last, become)
    return _store(webhook_id, position, item, now, is_last, become)


def _store(webhook_id: int, position: int, item: Item, now: datetime, is_last: bool, become: Become) -> bool:
    """Give one item its outcome, in one transaction. The webhook's row lock keeps a second worker out."""
    with transaction("read") as tx:
        place = {"webhook": webhook_id, "position": position}
        webhook = db.session.execute(LOCK_WEBHOOK if position else LOCK_FIRST, place).one_or_none()
        if webhook is None or webhook.state is not WebhookState.PENDING:
            return False
        if webhook.event_id is None:
            _write_event(webhook, position, item, now, become, tx)
        if is_last:
            _finish(webhook_id, now)
    return True


def _write_event(webhook: Row[Any], position: int, item: Item, now: datetime, become: Become, tx: Transaction) -> None:
    inbox = _find_inbox(webhook.channel, item.account_id)
    outcome = become(tx, inbox)
    if inbox is not None:
        _note_sign_of_life(inbox, webhook.received_at)
    # Core, not the ORM, here and in `_finish`: every event takes this path, and nothing else looks at these rows now.
    db.session.execute(
        insert(Event.__table__),
        {
            "webhook_id": webhook.id,
            "position": position,
            "channel": webhook.channel,
            "inbox_id": inbox.id if inbox else None,
            "kind": item.kind[:64],
            "outcome": outcome.outcome,
            "reason": outcome.reason,
            "message_id": outcome.message_id,
            "created_at": now,
        },
    )
    if inbox is not None and outcome.forget is not None:
        redact(inbox, db.session.get_one(Webhook, webhook.id), outcome.forget)


def _note_sign_of_life(inbox: Inbox, received_at: datetime) -> None:
    """Keep when the provider last posted something; right to a minute, for a busy inbox would write its row always."""
    if inbox.last_webhook_at is None or received_at - inbox.last_webhook_at >= SIGN_OF_LIFE_EVERY:
        inbox.last_webhook_at = received_at


def _find_inbox(channel: str, account_id: str | None) -> Inbox | None:
    if account_id is None:
        return None
    return db.session.scalar(FIND_INBOX, {"channel": channel, "account": account_id})


def _become(
    tx: Transaction, inbox: Inbox | None, item: Item, now: datetime, cached: int | None, place: Place
) -> Outcome:
    """Turn an item into rows and say what became of it."""
    if inbox is None and was_account(item.account_id):
        return Outcome(EventOutcome.IGNORED, ERASED_ACCOUNT)
    if isinstance(item, Ignored):
        return Outcome(EventOutcome.IGNORED, item.reason)
    if isinstance(item, Unreadable):
        return Outcome(EventOutcome.FAILED, item.reason)
    if inbox is None:
        return Outcome(EventOutcome.IGNORED, f"unknown account {item.account_id}")
    if is_erased(inbox, *_author(item)):
        return Outcome(EventOutcome.IGNORED, ERASED_CUSTOMER)
    if isinstance(item, Inbound):
        return store_message(tx, inbox, item, now, cached)
    if isinstance(item, Edit):
        return edit(tx, inbox, item, place, now)
    return VERBS[type(item)](tx, inbox, item, now)


def _author(
    item: Inbound | Echo | Unsend | Reaction | Edit | Seen | Opened | Notice | PublicComment,
) -> tuple[str, datetime]:
    """Whose item it is, and when it was said; an edit may name nobody, and finds its message or none."""
    if isinstance(item, Inbound | Echo | Unsend):
        return item.customer_id, item.sent_at
    if isinstance(item, PublicComment):
        return item.author, item.commented_at
    return item.customer_id, item.at


def _finish(webhook_id: int, now: datetime) -> None:
    """Close the webhook; one that holds a failed event is marked, so that a person finds it."""
    told = db.session.execute(NOTEWORTHY, {"webhook": webhook_id}).all()
    reasons = [reason for outcome, reason in told if outcome is EventOutcome.FAILED]
    if len(reasons) < len(told):
        _empty_erased(webhook_id)
    values = {
        "state": WebhookState.FAILED if reasons else WebhookState.READ,
        "error": "; ".join(reason or "" for reason in reasons)[:REASON_CHARACTERS] or None,
        "read_at": now,
    }
    db.session.execute(CLOSE_WEBHOOK, {"webhook": webhook_id, **values})


def _empty_erased(webhook_id: int) -> None:
    """Take what it tells of the erased out of the body, all of it.

    Not before the last item: until then items are told by their position, and an emptied one may be fewer.
    """
    webhook = db.session.get_one(Webhook, webhook_id)
    channel = channels[webhook.channel]
    # An echo of what was on its way then is told as theirs too, though it left later.
    told = set(db.session.scalars(TOLD_AS_ERASED, {"webhook": webhook_id}))
    for position, item in enumerate(channel.parse(webhook.body, webhook.received_at)):
        inbox = _find_inbox(webhook.channel, item.account_id)
        if inbox is None and item.account_id is not None and was_account(item.account_id):
            webhook.body = channel.without(webhook.body, item.account_id)
        elif inbox is not None and not isinstance(item, Ignored | Unreadable):
            author, said_at = _author(item)
            if position in told or is_erased(inbox, author, said_at):
                webhook.body = channel.without(webhook.body, author)
