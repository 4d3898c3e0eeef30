"""Whether something of a customer lies in the ledger that was there before the question and is not read yet.

Webhooks are read within milliseconds, mostly in the order in which they came. A worker that is killed at one leaves it
to the sweep: the question behind it is read at once, and would be answered without the post it is about. A body that
kills whoever reads it is given up after a few tries (retake.py), so nobody waits for ever.
"""

from collections.abc import Sequence

from sqlalchemy import bindparam, func, select

from pilito.lifecycle import WebhookState
from pilito.models import Conversation, Event, Message, Webhook, db

BODIES = 50  # that many are looked into

CAME_AT = (
    select(func.max(Webhook.received_at))
    .join(Event, Event.webhook_id == Webhook.id)
    .where(Event.message_id.in_(bindparam("messages", expanding=True)))
)
UNREAD_BEFORE = (
    select(Webhook.body)
    .where(
        Webhook.state == WebhookState.PENDING,
        Webhook.received_at <= bindparam("until"),
    )
    .order_by(Webhook.received_at)
    .limit(BODIES)
)


def has_unread_before(conversation: Conversation, messages: Sequence[Message]) -> bool:
    """Whether a webhook that names this customer came before the newest of these messages and is still unread."""
    came_at = db.session.scalar(CAME_AT, {"messages": [message.id for message in messages]})
    if came_at is None:
        return False  # no event brought them
    bodies = db.session.scalars(UNREAD_BEFORE, {"until": came_at})
    customer = conversation.customer.external_id.encode()
    return any(customer in body for body in bodies)
