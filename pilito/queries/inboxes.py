"""Questions about the connected accounts."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select

from pilito.lifecycle import Sender
from pilito.models import Customer, Inbox, Message, OwnPost, db

RECENT = 2000  # messages of all inboxes


def all_inboxes() -> Sequence[Inbox]:
    return db.session.scalars(select(Inbox).order_by(Inbox.id)).all()


def names() -> dict[int, str]:
    return {row.id: row.name for row in db.session.execute(select(Inbox.id, Inbox.name).order_by(Inbox.id))}


def find_inbox(inbox_id: int) -> Inbox | None:
    return db.session.get(Inbox, inbox_id)


def newest_arrival(inbox_id: int, since: datetime) -> tuple[Message, Customer] | None:
    """The newest message of a customer that reached us after `since`, with who wrote it."""
    newest_id = db.session.scalar(select(func.max(Message.id))) or 0
    is_recent = Message.id > newest_id - RECENT  # or a silent inbox would have every message looked at
    arrived = (
        select(Message)
        # By our own time, not the provider's: the question is whether something arrives now.
        .where(is_recent, Message.inbox_id == inbox_id, Message.sender == Sender.CUSTOMER, Message.created_at >= since)
        .order_by(Message.id.desc())
        .limit(1)
    )
    message = db.session.scalar(arrived)
    return (message, message.conversation.customer) if message else None


def newest_posts(inbox_id: int, limit: int) -> list[OwnPost]:
    """The newest posts of the account itself."""
    wanted = select(OwnPost).where(OwnPost.inbox_id == inbox_id)
    return list(db.session.scalars(wanted.order_by(OwnPost.posted_at.desc(), OwnPost.id.desc()).limit(limit)))
