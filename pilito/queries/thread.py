"""The messages of one conversation, oldest first."""

from datetime import datetime

from sqlalchemy import select, tuple_
from sqlalchemy.orm import joinedload, selectinload

from pilito.extensions import db
from pilito.lifecycle import Sender
from pilito.models import Conversation, Message, Share


def page(conversation_id: int, after: tuple[datetime, int] | None = None, limit: int = 50) -> list[Message]:
    """Return up to `limit` messages by the time they were sent, with share, deliveries and attachments loaded.

    `after` is the (sent_at, id) of the last one already seen.
    """
    wanted = [
        Message.conversation_id == conversation_id,
        *([tuple_(Message.sent_at, Message.id) > after] if after else []),
    ]
    return list(
        db.session.scalars(
            select(Message)
            .options(
                joinedload(Message.share).joinedload(Share.own_post),
                selectinload(Message.deliveries),
                selectinload(Message.attachments),
            )
            .where(*wanted)
            .order_by(Message.sent_at, Message.id)
            .limit(limit)
        )
    )


def newest_seen(conversation: Conversation) -> Message | None:
    """The newest message of the shop that the customer has seen; None as long as nothing was."""
    if conversation.seen_until is None:
        return None
    return db.session.scalar(
        select(Message)
        .where(
            Message.conversation_id == conversation.id,
            Message.sender != Sender.CUSTOMER,
            Message.deleted_at.is_(None),
            Message.sent_at <= conversation.seen_until,
        )
        .order_by(Message.sent_at.desc(), Message.id.desc())
        .limit(1)
    )
