"""What somebody is told, the newest first."""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from pilito.models import Conversation, Notification, db


def count_unread(operator_id: int) -> int:
    unread = (Notification.operator_id == operator_id, Notification.read_at.is_(None))
    return db.session.scalar(select(func.count()).select_from(Notification).where(*unread)) or 0


def page(operator_id: int, before_id: int | None, limit: int) -> tuple[Sequence[Notification], bool]:
    """Up to `limit` of them, and whether there are older ones; with who caused it and whom it is about."""
    wanted = (
        select(Notification)
        .where(Notification.operator_id == operator_id)
        .options(
            joinedload(Notification.by),
            joinedload(Notification.note),
            joinedload(Notification.conversation).joinedload(Conversation.customer),
            joinedload(Notification.conversation).joinedload(Conversation.inbox),
        )
        .order_by(Notification.id.desc())
        .limit(limit + 1)
    )
    if before_id is not None:
        wanted = wanted.where(Notification.id < before_id)
    found = db.session.scalars(wanted).all()
    return found[:limit], len(found) > limit
