"""What the shop has said to the customer, as conditions on a message: a heart says nothing, and what never left is said
to nobody."""

from sqlalchemy import and_, select

from pilito.lifecycle import DeliveryState, Sender
from pilito.models import Delivery, Message

OF_MESSAGE = select(Delivery.id).where(Delivery.message_id == Message.id).correlate(Message)
# Of a reply: its first part failed, and with it all that comes after.
NEVER_LEFT = OF_MESSAGE.where(Delivery.position == 0, Delivery.state == DeliveryState.FAILED).exists()
# An emoji on a message leaves as a reply does; it says nothing, and answers nothing.
IS_REACTION = OF_MESSAGE.where(Delivery.payload["reaction"].as_string().is_not(None)).exists()
# What the customer was told; a reply that became void, or failed before any of it left, was said to nobody.
IS_SAID_BY_SHOP = and_(
    Message.sender != Sender.CUSTOMER, Message.deleted_at.is_(None), Message.content != "", ~IS_REACTION, ~NEVER_LEFT
)
