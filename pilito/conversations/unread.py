"""Whether something of a customer lies in the ledger that is not read yet, and belongs before the answer.

Webhooks are read within milliseconds, mostly in the order in which they came. A worker that is killed at one leaves it
to the sweep, and after an outage thousands wait: a question would be answered without the post it is about, or although
it was taken back meanwhile. So the answer waits for what came with its turn. For a while only, or whoever writes on and
on would never hear anything; and a body that kills whoever reads it is given up after a few tries (retake.py).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, LargeBinary, Select, and_, bindparam, func, select

from pilito.conversations.turns import IS_UNANSWERED, RECONCILIATION
from pilito.models import Conversation, Customer, Event, Inbox, Message, Turn, Webhook, db
from pilito.models.ledger import IS_PENDING

# What comes so long after the turn began is waited for; what comes later than that and than the questions is not.
TOGETHER = timedelta(minutes=2)
# How soon to look again: mostly at once, ever more rarely where it has waited long, and behind a long queue not before
# that can have been read. Hundreds of turns that look every few seconds take more time than the reading, and keep the
# queue long; a message that is read wakes its turn in any case.
SHORTEST_PAUSE, LONGEST_PAUSE = timedelta(seconds=1), timedelta(seconds=10)
READ_IN_A_SECOND, LONGEST_QUEUE_PAUSE = 25, timedelta(minutes=2)
FIND_TURN = (
    select(
        Turn.conversation_id,
        Turn.version,
        Turn.opened_at,
        Conversation.unanswered_since,
        Customer.external_id.label("customer"),
        Inbox.external_id.label("account"),
    )
    .join(Conversation, Turn.conversation_id == Conversation.id)
    .join(Conversation.customer)
    .join(Customer.inbox)
    .where(Turn.id == bindparam("turn"))
)
# Of what nobody has answered: when the webhook of its newest came, and how much was read back from the provider.
CAME = (
    select(
        func.max(Webhook.received_at).label("at"),
        func.count(Message.id).filter(Message.origin == RECONCILIATION).label("read_back"),
    )
    .select_from(Message)
    .outerjoin(Event, Event.message_id == Message.id)
    .outerjoin(Webhook, Event.webhook_id == Webhook.id)
    .where(IS_UNANSWERED)
)
# The bodies are searched where they lie: after an outage there may be thousands.
NAME = bindparam("name", type_=LargeBinary)
NAMED_ON_SQLITE = func.instr(Webhook.body, NAME) > 0  # its LIKE does not look into bytes
NAMED = Webhook.body.like(NAME)
# Of this account alone: the accounts are read in turns.
IS_ITS = and_(IS_PENDING, Webhook.account.in_((bindparam("account"), "")))
BEFORE = select(func.count()).select_from(Webhook).where(IS_ITS, Webhook.received_at <= bindparam("until"))


@dataclass(frozen=True)
class Look:
    """What was seen of a turn's version; of another one it says nothing."""

    conversation_id: int
    version: int
    again_at: datetime | None  # something that belongs before the answer is unread: look again then


def look(turn_id: int, now: datetime) -> Look | None:
    """Whether a webhook that names this customer is unread and came with the turn, or before its newest message.

    To be asked outside of a write transaction, which on SQLite holds everybody up: thousands of bodies may be searched.
    What comes after the look comes after the answer was begun.
    """
    turn = db.session.execute(FIND_TURN, {"turn": turn_id}).one_or_none()
    if turn is None:
        return None
    again_at = _again_at(turn, now) if turn.unanswered_since is not None else None
    db.session.rollback()
    return Look(turn.conversation_id, turn.version, again_at)


def _again_at(turn: Any, now: datetime) -> datetime | None:
    came = db.session.execute(CAME, {"conversation": turn.conversation_id, "since": turn.unanswered_since}).one()
    if came.at is None and not came.read_back:
        return None  # of a channel whose messages are no webhooks
    # What was read back has no event, and those of the messages around it may lie in the queue.
    until = max(came.at or turn.opened_at, turn.opened_at + TOGETHER)
    unread_since = find_unread(turn.account, turn.customer, until)
    if unread_since is None:
        return None
    return now + max(_pause_by_age(now - unread_since), _pause_by_queue(turn.account, unread_since))


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
