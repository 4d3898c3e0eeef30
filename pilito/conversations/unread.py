"""Whether something of a customer lies in the ledger that is not read yet, and belongs before the answer.

Webhooks are read within milliseconds, mostly in the order in which they came. A worker that is killed at one leaves it
to the sweep, and after an outage thousands wait: a question would be answered without the post it is about, or although
it was taken back meanwhile. So the answer waits for what came with its turn. For a while only, or whoever writes on and
on would never hear anything; and a body that kills whoever reads it is given up after a few tries (retake.py).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, LargeBinary, Select, and_, bindparam, func, select

from pilito.conversations.turns import RECONCILIATION
from pilito.models import Conversation, Event, Message, Turn, Webhook, db
from pilito.models.ledger import IS_PENDING

# What comes so long after the turn began is waited for; what comes later than that and than the questions is not.
TOGETHER = timedelta(minutes=2)
# How soon to look again: mostly at once, ever more rarely where it has waited long, and behind a long queue not before
# that can have been read. Hundreds of turns that look every few seconds take more time than the reading, and keep the
# queue long; a message that is read wakes its turn in any case.
SHORTEST_PAUSE, LONGEST_PAUSE = timedelta(seconds=1), timedelta(seconds=10)
READ_IN_A_SECOND, LONGEST_QUEUE_PAUSE = 25, timedelta(seconds=30)
CAME_AT = (
    select(func.max(Webhook.received_at))
    .join(Event, Event.webhook_id == Webhook.id)
    .where(Event.message_id.in_(bindparam("messages", expanding=True)))
)
# The bodies are searched where they lie: after an outage there may be thousands.
NAME = bindparam("name", type_=LargeBinary)
NAMED_ON_SQLITE = func.instr(Webhook.body, NAME) > 0  # its LIKE does not look into bytes
NAMED = Webhook.body.like(NAME)
# Of this account alone: the accounts are read in turns.
IS_ITS = and_(IS_PENDING, Webhook.account.in_((bindparam("account"), "")))
BEFORE = select(func.count()).select_from(Webhook).where(IS_ITS, Webhook.received_at <= bindparam("until"))


def unread_until(conversation: Conversation, turn: Turn, messages: Sequence[Message], now: datetime) -> datetime | None:
    """When to look again, because a webhook that names this customer is unread and came with the turn, or before its
    newest message; None when there is none."""
    came_at = db.session.scalar(CAME_AT, {"messages": [message.id for message in messages]})
    if came_at is None and all(message.origin != RECONCILIATION for message in messages):
        return None  # of a channel whose messages are no webhooks
    # What was read back has no event, and those of the messages around it may lie in the queue.
    until = max(came_at or turn.opened_at, turn.opened_at + TOGETHER)
    account = conversation.inbox.external_id
    unread_since = find_unread(account, conversation.customer.external_id, until)
    if unread_since is None:
        return None
    return now + max(_pause_by_age(now - unread_since), _pause_by_queue(account, unread_since))


def _pause_by_age(age: timedelta) -> timedelta:
    return min(max(age / 2, SHORTEST_PAUSE), LONGEST_PAUSE)


def _pause_by_queue(account: str, unread_since: datetime) -> timedelta:
    """About as long as what came before it takes to be read."""
    before = db.session.scalar(BEFORE, {"account": account, "until": unread_since}) or 0
    return min(timedelta(seconds=before / READ_IN_A_SECOND), LONGEST_QUEUE_PAUSE)


def find_unread(account: str, external_id: str, until: datetime) -> datetime | None:
    """When a webhook of this account came, until then, that names this customer or message and is still unread; None
    without any."""
    name = external_id.encode()
    if db.engine.dialect.name == "sqlite":
        return db.session.scalar(UNREAD_ON_SQLITE, {"account": account, "until": until, "name": name})
    return db.session.scalar(UNREAD, {"account": account, "until": until, "name": b"%" + name + b"%"})


def _unread(named: ColumnElement[bool]) -> Select[Any]:
    before = Webhook.received_at <= bindparam("until")
    return select(Webhook.received_at).where(IS_ITS, before, named).limit(1)


UNREAD_ON_SQLITE, UNREAD = _unread(NAMED_ON_SQLITE), _unread(NAMED)
