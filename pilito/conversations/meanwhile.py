"""Two people write to one customer at the same time: the second is told before anything is sent."""

from sqlalchemy import or_, select

from pilito.conversations.hand_over import LINE
from pilito.conversations.said import IS_SAID_BY_SHOP
from pilito.errors import Refused
from pilito.models import Conversation, Message, db


def refuse_answered(conversation: Conversation, operator_id: int | None, seen_id: int | None) -> None:
    """Raise Refused when somebody else of the shop, or the assistant, answered after what the writer had seen.

    `seen_id` is the newest message that was there when they began to write; None asks nothing.
    """
    if seen_id is None:
        return
    newer = select(Message.id).where(
        Message.conversation_id == conversation.id,
        Message.id > seen_id,
        IS_SAID_BY_SHOP,
        or_(Message.operator_id.is_(None), Message.operator_id != operator_id),
        or_(Message.origin.is_(None), Message.origin != LINE),  # "a person will answer" answers nothing
    )
    if db.session.scalar(newer.limit(1)) is not None:
        raise Refused("answered_meanwhile", f"Conversation {conversation.id} was answered since message {seen_id}.")
