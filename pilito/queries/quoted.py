"""The messages that others answer."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from pilito.extensions import db
from pilito.models import Conversation, Delivery, Message, Share


def quoted(conversation: Conversation, external_ids: Iterable[str | None]) -> dict[str, Message]:
    """The messages that were replied to: the customer's by their own id, ours by the id their delivery got."""
    wanted = [external_id for external_id in external_ids if external_id is not None]
    if not wanted:
        return {}
    theirs = select(Message.external_id, Message).where(
        Message.inbox_id == conversation.inbox_id, Message.external_id.in_(wanted)
    )
    ours = (
        select(Delivery.external_id, Message)
        .join(Message, Delivery.message_id == Message.id)
        .where(Delivery.inbox_id == conversation.inbox_id, Delivery.external_id.in_(wanted))
    )
    with_share = joinedload(Message.share).joinedload(Share.own_post), selectinload(Message.attachments)
    found = [*db.session.execute(theirs.options(*with_share)), *db.session.execute(ours.options(*with_share))]
    return {external_id: message for external_id, message in found if message.conversation_id == conversation.id}
