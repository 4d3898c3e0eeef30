"""Whether something of a customer lies in the ledger that was there before the question and is not read yet.

Webhooks are read within milliseconds, mostly in the order in which they came. A worker that is killed at one leaves it
to the sweep: the question behind it is read at once, and would be answered without the post it is about. A body that
kills whoever reads it is given up after a few tries (retake.py), so nobody waits for ever.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, LargeBinary, Select, bindparam, func, select

from pilito.lifecycle import WebhookState
from pilito.models import Conversation, Event, Message, Webhook, db

CAME_AT = (
    select(func.max(Webhook.received_at))
    .join(Event, Event.webhook_id == Webhook.id)
    .where(Event.message_id.in_(bindparam("messages", expanding=True)))
)
# The bodies are searched where they lie: after an outage there may be thousands.
NAME = bindparam("name", type_=LargeBinary)
NAMED_ON_SQLITE = func.instr(Webhook.body, NAME) > 0  # its LIKE does not look into bytes
NAMED = Webhook.body.like(NAME)


def has_unread_before(conversation: Conversation, messages: Sequence[Message]) -> bool:
    """Whether a webhook that names this customer came before the newest of these messages and is still unread."""
    came_at = db.session.scalar(CAME_AT, {"messages": [message.id for message in messages]})
    if came_at is None:
        return False  # no event brought them
    name = conversation.customer.external_id.encode()
    if db.engine.dialect.name == "sqlite":
        found = db.session.scalar(UNREAD_ON_SQLITE, {"until": came_at, "name": name})
    else:
        found = db.session.scalar(UNREAD, {"until": came_at, "name": b"%" + name + b"%"})
    return found is not None


def _unread(named: ColumnElement[bool]) -> Select[Any]:
    before = Webhook.received_at <= bindparam("until")
    return select(Webhook.id).where(Webhook.state == WebhookState.PENDING, before, named).limit(1)


UNREAD_ON_SQLITE, UNREAD = _unread(NAMED_ON_SQLITE), _unread(NAMED)
