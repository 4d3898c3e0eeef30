"""What an alert looks at beside the counters: accounts, uncertain sends, the last backup."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from pilito.extensions import db
from pilito.lifecycle import CommentState, DeliveryState, InboxState
from pilito.models import Backup, Comment, Delivery, Inbox


@dataclass(frozen=True)
class Account:
    inbox_id: int
    channel: str
    is_active: bool
    token_expires_at: datetime | None
    last_webhook_at: datetime | None


def accounts() -> list[Account]:
    columns = (Inbox.id, Inbox.channel, Inbox.state, Inbox.token_expires_at, Inbox.last_webhook_at)
    rows = db.session.execute(select(*columns).order_by(Inbox.id)).all()
    return [Account(row[0], row[1], row[2] is InboxState.ACTIVE, row[3], row[4]) for row in rows]


def unknown_sends() -> int:
    """Replies of which nobody knows whether they arrived: a person settles them on the health page."""
    deliveries = db.session.scalar(select(func.count()).where(Delivery.state == DeliveryState.UNKNOWN)) or 0
    comments = db.session.scalar(select(func.count()).where(Comment.state == CommentState.UNKNOWN)) or 0
    return deliveries + comments


def last_backup_at() -> datetime | None:
    return db.session.scalar(
        select(Backup.began_at)
        .where(Backup.finished_at.is_not(None), Backup.error.is_(None))
        .order_by(Backup.began_at.desc())
        .limit(1)
    )
