"""What the health page shows. Every list is bounded, and the ledger is counted over its newest events only."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import contains_eager, joinedload

from pilito.extensions import db
from pilito.lifecycle import CommentState, DeliveryState, EventOutcome, MessageType, ShareState, WebhookState
from pilito.models import Comment, Conversation, Delivery, Event, Inbox, Mail, Message, Share, Upkeep, Webhook

INBOXES = 50
ROWS = 20
KINDS = 30
NEWEST_EVENTS = 20_000


@dataclass(frozen=True)
class InboxHealth:
    inbox: Inbox
    upkeep: Upkeep | None
    last_event_at: datetime | None


@dataclass(frozen=True)
class KindCount:
    """How often a kind of event came, by outcome; of those that were not stored a reason, and where the newest is."""

    kind: str
    counts: dict[EventOutcome, int]
    reason: str | None = None
    webhook_id: int | None = None

    @property
    def total(self) -> int:
        return sum(self.counts.values())


def inboxes() -> list[InboxHealth]:
    rows = db.session.execute(
        select(Inbox, Upkeep).outerjoin(Upkeep, Upkeep.inbox_id == Inbox.id).order_by(Inbox.id).limit(INBOXES)
    ).all()
    newest = _newest_events()
    return [InboxHealth(inbox, upkeep, _latest(inbox, newest.get(inbox.id))) for inbox, upkeep in rows]


def _latest(inbox: Inbox, event_at: datetime | None) -> datetime | None:
    """The inbox's own note of it, or what the newest part of the ledger says: the note is right to a minute."""
    return max(filter(None, (inbox.last_webhook_at, event_at)), default=None)


def _newest_events() -> dict[int | None, datetime]:
    found = db.session.execute(
        select(Event.inbox_id, func.max(Event.created_at)).where(Event.id > _floor()).group_by(Event.inbox_id)
    )
    return {row[0]: row[1] for row in found}


def _floor() -> int:
    """The id above which the newest events are: a scan of the whole ledger would take longer every month."""
    newest: int = db.session.scalar(select(func.max(Event.id))) or 0
    return newest - NEWEST_EVENTS


def event_kinds() -> list[KindCount]:
    """The kinds of the newest events with their outcomes, the most frequent first."""
    rows = db.session.execute(
        select(Event.kind, Event.outcome, func.count(), func.max(Event.reason), func.max(Event.webhook_id))
        .where(Event.id > _floor())
        .group_by(Event.kind, Event.outcome)
    ).all()
    counts: dict[str, dict[EventOutcome, int]] = {}
    not_stored: dict[str, tuple[str | None, int]] = {}
    for kind, outcome, count, reason, webhook_id in rows:
        counts.setdefault(kind, {})[outcome] = count
        if outcome in (EventOutcome.FAILED, EventOutcome.IGNORED):
            not_stored[kind] = (reason, webhook_id)
    found = [KindCount(kind, outcomes, *not_stored.get(kind, ())) for kind, outcomes in counts.items()]
    return sorted(found, key=lambda one: -one.total)[:KINDS]


def account_alerts(kinds: Collection[str], since: datetime) -> Sequence[Any]:
    """What the provider said about accounts since then, the newest first: event and inbox, which may be unknown."""
    return db.session.execute(
        select(Event, Inbox)
        .outerjoin(Inbox, Event.inbox_id == Inbox.id)
        .where(Event.id > _floor(), Event.kind.in_(list(kinds)), Event.created_at >= since)
        .order_by(Event.id.desc())
        .limit(ROWS)
    ).all()


def unknown_types() -> Sequence[Any]:
    """The provider's words for messages that we could only store as they are, with how many there were."""
    return db.session.execute(
        select(Message.provider_type, func.count())
        .where(Message.message_type.in_((MessageType.OTHER, MessageType.UNSUPPORTED)))
        .group_by(Message.provider_type)
        .order_by(func.count().desc())
        .limit(KINDS)
    ).all()


def failed_webhooks() -> Sequence[Webhook]:
    """The newest bodies of which at least one event failed."""
    return db.session.scalars(
        select(Webhook).where(Webhook.state == WebhookState.FAILED).order_by(Webhook.id.desc()).limit(ROWS)
    ).all()


def count_failed_webhooks() -> int:
    found = select(Webhook.id).where(Webhook.state == WebhookState.FAILED).limit(1000).subquery()
    return db.session.scalar(select(func.count()).select_from(found)) or 0


def failed_mails() -> Sequence[Mail]:
    """The newest mails that were not sent: some are tried again, some were given up. They are kept for thirty days."""
    return db.session.scalars(
        select(Mail).where(Mail.error.is_not(None), Mail.sent_at.is_(None)).order_by(Mail.id.desc()).limit(ROWS)
    ).all()


def count_failing_mails() -> int:
    """How many are tried again."""
    failing = select(func.count(Mail.id)).where(Mail.error.is_not(None), Mail.content_encrypted.is_not(None))
    return db.session.scalar(failing) or 0


def find_webhook(webhook_id: int) -> tuple[Webhook, Sequence[Event]] | None:
    webhook = db.session.get(Webhook, webhook_id)
    if webhook is None:
        return None
    events = db.session.scalars(
        select(Event).where(Event.webhook_id == webhook_id).order_by(Event.position).limit(200)
    ).all()
    return webhook, events


def unknown_sends() -> Sequence[Delivery]:
    """The replies of which nobody knows whether they arrived, the oldest first."""
    return (
        db.session.scalars(
            select(Delivery)
            .join(Delivery.message)
            .join(Message.conversation)
            .where(Delivery.state == DeliveryState.UNKNOWN)
            .options(
                contains_eager(Delivery.message).contains_eager(Message.conversation).joinedload(Conversation.customer)
            )
            .order_by(Delivery.id)
            .limit(ROWS)
        )
        .unique()
        .all()
    )


def unknown_private_replies() -> Sequence[Comment]:
    return db.session.scalars(
        select(Comment).where(Comment.state == CommentState.UNKNOWN).order_by(Comment.id).limit(ROWS)
    ).all()


def waiting_shares() -> Sequence[Share]:
    """The shares that wait for their question, whose wait ends first at first."""
    return (
        db.session.scalars(
            select(Share)
            .join(Share.message)
            .join(Message.conversation)
            .where(Share.state == ShareState.WAITING)
            .options(
                contains_eager(Share.message).contains_eager(Message.conversation).joinedload(Conversation.customer),
                joinedload(Share.own_post),
            )
            .order_by(Share.expires_at)
            .limit(ROWS)
        )
        .unique()
        .all()
    )
