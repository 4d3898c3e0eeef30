"""The emojis on messages, found by the provider's ids: a message's own, or that of the delivery that sent it."""

from collections.abc import Collection

from sqlalchemy import and_, func, select

from pilito.extensions import db
from pilito.models import Conversation, Delivery, Message, Reaction

NEWEST = 500  # of one conversation: more than any thread shows


def of_messages(conversation: Conversation, message_ids: Collection[int]) -> dict[int, list[Reaction]]:
    """Return the reactions that stand, oldest first, by message id; asks nothing where nobody ever reacted."""
    if conversation.reacted_at is None or not message_ids:
        return {}
    message_id = func.coalesce(Message.id, Delivery.message_id)
    by_id = and_(Message.inbox_id == Reaction.inbox_id, Message.external_id == Reaction.external_id)
    by_delivery = and_(Delivery.inbox_id == Reaction.inbox_id, Delivery.external_id == Reaction.external_id)
    found = db.session.execute(
        select(Reaction, message_id)
        .outerjoin(Message, by_id)
        .outerjoin(Delivery, by_delivery)
        .where(Reaction.conversation_id == conversation.id, Reaction.is_removed.is_(False), message_id.in_(message_ids))
        .order_by(Reaction.at.desc(), Reaction.id.desc())
        .limit(NEWEST)
        .execution_options(populate_existing=True)
    ).all()
    reactions: dict[int, list[Reaction]] = {}
    for reaction, number in reversed(found):
        reactions.setdefault(number, []).append(reaction)
    return reactions
