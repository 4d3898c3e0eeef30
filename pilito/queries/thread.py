"""The messages of one conversation, oldest first."""

from datetime import datetime

from sqlalchemy import select, tuple_
from sqlalchemy.orm import joinedload, selectinload

from pilito.extensions import db
from pilito.models import Message, Share


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
