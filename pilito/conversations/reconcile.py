"""Find what no event brought: read the conversations at the provider, and compare.

A message that we miss is stored as found by reconciliation. One of ours settles the delivery whose outcome nobody
knew. Whoever calls holds the inbox's lease (upkeep.py), for the provider allows two calls a second.
"""

import logging
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.exc import IntegrityError

from pilito.channels.base import STANDBY, Account, ChangedThread, Channel, Echo, Inbound
from pilito.conversations.echo import is_echo_of, take_echo
from pilito.conversations.erase import is_erased
from pilito.conversations.lock import get_locked, mark_changed
from pilito.conversations.store import Found, find_message, store_message
from pilito.conversations.turns import IS_PERSONS_ANSWER, RECONCILIATION
from pilito.conversations.unread import find_unread
from pilito.database import transaction
from pilito.errors import ChannelError, Remedy
from pilito.lifecycle import DeliveryState, Sender
from pilito.models import Conversation, Customer, Delivery, Inbox, Message, Upkeep, db

log = logging.getLogger(__name__)

# Its event is probably still on its way, and knows more than the provider tells when asked.
GIVE_EVENTS = timedelta(seconds=60)
# How far before the last reading we look again: clocks differ, and a change is not listed at once.
OVERLAP = timedelta(minutes=5)
MESSAGE_OVERLAP = timedelta(hours=1)
PAGES = 100  # of fifty conversations: so many are listed; of those changed before them nothing is found
# Looks for an uncertain send: soon, then ever more rarely; afterwards a person settles it.
LOOKS = 3
FIRST_LOOK = timedelta(seconds=15)
NEXT_LOOK = timedelta(seconds=60)
LOOKED_FOR = timedelta(days=1)  # at most, where the look itself breaks again and again
# How long what came in standby says something about what is found beside it.
STANDBY_LASTS = timedelta(days=1)
GONE = (Remedy.DROP, Remedy.PERSON)  # this one conversation cannot be read; the others can
# So many in a row may break the provider's answer, each perhaps by what stands in it; with one more it is the provider.
BROKEN = 3

Spend = Callable[[], bool]


@dataclass(frozen=True)
class Desk:
    """Where we read, and `spend`: waits as the limits ask, and says whether one more call may be made."""

    inbox_id: int
    channel: Channel
    account: Account
    spend: Spend


@dataclass(frozen=True)
class Reach:
    """From where on to read: conversations that changed since, and in them messages from the floor on."""

    since: datetime
    floor: datetime
    began_at: datetime  # of this reading, which may take several runs


@dataclass(frozen=True)
class Uncertain:
    """A customer to whom something was sent, or not."""

    conversation_id: int
    customer_id: str


# --- missed messages -------------------------------------------------------------------------------------------------


def reach_of(upkeep: Upkeep, inbox: Inbox, now: datetime) -> Reach:
    """Go on where the reading under way stopped, else begin a new one a little before the end of the last.

    Nothing from before the account was connected is read: that was other people's business.
    """
    read_until = upkeep.read_until or inbox.created_at
    floor = max(inbox.created_at, read_until - MESSAGE_OVERLAP)
    if upkeep.reading_since is not None:
        # `read_until` goes on with each conversation, and the next may have been silent since long before that.
        return Reach(read_until, upkeep.reading_floor or floor, upkeep.reading_since)
    return Reach(read_until - OVERLAP, floor, now)


def find_missed(desk: Desk, reach: Reach, now: datetime) -> int:
    """Read every conversation in reach, the one that changed first at first; return how many messages were missing.

    After each the inbox remembers how far it was read, so that who has no call left goes on there. One that breaks the
    provider's answer is asked for again once another could be read, and then passed over: it must not hold up all that
    changed after it for ever. Where none could, the next reading begins with it. Raises ChannelError.
    """
    changed = _changed(desk, reach.since)
    found, broken = 0, list[ChangedThread]()
    for thread in changed or ():
        if not desk.spend():
            return found
        try:
            found += _read(desk, thread, reach.floor, now)
        except ChannelError as error:
            count_broken(error, len(broken))
            broken.append(thread)
            continue
        while broken:
            if not desk.spend():
                return found
            found += _read(desk, broken.pop(), reach.floor, now, (*GONE, Remedy.UNKNOWN))
        _remember(desk.inbox_id, reach, read_until=thread.updated_at)
    if changed is not None:
        until = min([reach.began_at - GIVE_EVENTS, *(thread.updated_at for thread in broken)])
        _remember(desk.inbox_id, None, read_until=until, read_at=now)
    return found


def count_broken(error: ChannelError, before: int) -> int:
    """What may be of this one conversation or post alone does not keep the others from being read: return how many
    broke the answer by now. Raises the error where it is of the account, of its limits, or of too many."""
    if error.remedy is not Remedy.UNKNOWN or before == BROKEN:
        raise error
    return before + 1


def _changed(desk: Desk, since: datetime) -> list[ChangedThread] | None:
    """The conversations changed since, the oldest change first; None when there was no call left to list them all."""
    found: list[ChangedThread] = []
    after: str | None = None
    for _ in range(PAGES):
        if not desk.spend():
            return None
        page = desk.channel.threads(desk.account, after)
        found += [thread for thread in page.threads if thread.updated_at >= since]
        after = page.next
        if after is None or len(page.threads) == 0 or page.threads[-1].updated_at < since:
            break
    return sorted(found, key=lambda thread: thread.updated_at)


def _read(desk: Desk, thread: ChangedThread, floor: datetime, now: datetime, passes: Collection[Remedy] = GONE) -> int:
    """Bring in what one conversation has that we miss; one that cannot be read for these reasons is passed over."""
    try:
        messages = desk.channel.thread(desk.account, thread.external_id, now)
    except ChannelError as error:
        if error.remedy not in passes:
            raise
        log.info("A conversation of inbox %s cannot be read: %s", desk.inbox_id, error.reason)
        return 0
    return import_missed(desk.inbox_id, messages, floor, now)


def _remember(inbox_id: int, under_way: Reach | None, read_until: datetime, read_at: datetime | None = None) -> None:
    with transaction():
        upkeep = db.session.scalars(select(Upkeep).where(Upkeep.inbox_id == inbox_id)).one()
        upkeep.reading_since = under_way.began_at if under_way else None
        upkeep.reading_floor = under_way.floor if under_way else None
        upkeep.read_until = max(upkeep.read_until or read_until, read_until)
        upkeep.read_at = read_at or upkeep.read_at


def import_missed(inbox_id: int, messages: Iterable[Inbound | Echo], floor: datetime, now: datetime) -> int:
    """Store those that we miss; return how many.

    The shop's own come first: a question that a person has answered on the phone must not be asked to the assistant.
    """
    due = [one for one in messages if floor <= one.sent_at <= now - GIVE_EVENTS]
    missed = _without_unread(_without_known(inbox_id, due), now)
    own_first = sorted(missed, key=lambda one: not isinstance(one, Echo))
    return sum(_import(inbox_id, one, now) for one in own_first)


def _without_known(inbox_id: int, messages: list[Inbound | Echo]) -> list[Inbound | Echo]:
    """One question to the database for a whole conversation, which nearly always knows them all."""
    ids = [one.external_id for one in messages]
    known = set(db.session.scalars(select(Message.external_id).where(_is_of(Message, inbox_id, ids))))
    known |= set(db.session.scalars(select(Delivery.external_id).where(_is_of(Delivery, inbox_id, ids))))
    db.session.rollback()
    return [one for one in messages if one.external_id not in known]


def _without_unread(messages: list[Inbound | Echo], now: datetime) -> list[Inbound | Echo]:
    """What lies on the ledger is not missed, however long the queue: its event knows a post's caption, and what is read
    back does not."""
    left = [one for one in messages if find_unread(one.account_id, one.external_id, now) is None]
    db.session.rollback()
    return left


def _is_of(table: type[Message] | type[Delivery], inbox_id: int, ids: list[str]) -> ColumnElement[bool]:
    return and_(table.inbox_id == inbox_id, table.external_id.in_(ids))


def _import(inbox_id: int, item: Inbound | Echo, now: datetime) -> bool:
    """Store one message; its event may come at the same moment, and then it is that one's."""
    try:
        with transaction() as tx:
            inbox = db.session.get_one(Inbox, inbox_id)
            if find_message(inbox, item.external_id) or is_erased(inbox, item.customer_id, item.sent_at):
                return False
            if isinstance(item, Echo):
                take_echo(tx, inbox, item, now, RECONCILIATION)
            elif _is_held_elsewhere(inbox, item):
                store_message(tx, inbox, replace(item, origin=STANDBY), now, None)
            else:
                answered_by = _find_answer(inbox, item)
                store_message(tx, inbox, item, now, None, Found(RECONCILIATION, answered_by))
    except IntegrityError:
        return False
    log.info("A message of inbox %s that no event brought was found by reconciliation.", inbox_id)
    return True


def _is_held_elsewhere(inbox: Inbox, item: Inbound) -> bool:
    """Whether another app probably held the conversation when this was written.

    What the provider tells when asked does not say so; only events do. So the message before and the one after it are
    looked at: where either came in standby, the assistant leaves this one alone too. To answer into another app's
    conversation would be worse than to leave one to people.
    """
    came = (
        select(Message.origin)
        .join(Conversation, Message.conversation_id == Conversation.id)
        .join(Customer, Conversation.customer_id == Customer.id)
        .where(
            Conversation.inbox_id == inbox.id,
            Customer.external_id == item.customer_id,
            Message.sender.in_((Sender.CUSTOMER, Sender.PHONE)),
            Message.sent_at.between(item.sent_at - STANDBY_LASTS, item.sent_at + STANDBY_LASTS),
        )
    )
    before = came.where(Message.sent_at <= item.sent_at).order_by(Message.sent_at.desc(), Message.id.desc())
    after = came.where(Message.sent_at > item.sent_at).order_by(Message.sent_at, Message.id)
    return STANDBY in (db.session.scalar(before.limit(1)), db.session.scalar(after.limit(1)))


def _find_answer(inbox: Inbox, item: Inbound) -> Message | None:
    """What a person wrote to this customer afterwards: they had seen the message."""
    return db.session.scalar(
        select(Message)
        .join(Conversation, Message.conversation_id == Conversation.id)
        .join(Customer, Conversation.customer_id == Customer.id)
        .where(
            Conversation.inbox_id == inbox.id,
            Customer.external_id == item.customer_id,
            Message.sent_at >= item.sent_at,
            IS_PERSONS_ANSWER,
        )
        .order_by(Message.sent_at)
        .limit(1)
    )


# --- uncertain sends -------------------------------------------------------------------------------------------------


def is_look_due(now: datetime) -> ColumnElement[bool]:
    """Which deliveries the provider is to be asked about now."""
    first = and_(Delivery.looked_at.is_(None), Delivery.unknown_at <= now - FIRST_LOOK)
    return and_(
        Delivery.state == DeliveryState.UNKNOWN,
        Delivery.looks < LOOKS,
        Delivery.unknown_at > now - LOOKED_FOR,
        or_(first, Delivery.looked_at <= now - NEXT_LOOK),
    )


def is_looked_for(delivery: Delivery, now: datetime) -> bool:
    """Whether the provider will be asked about this uncertain send again, soon or later: else a person settles it."""
    is_recent = delivery.unknown_at is not None and delivery.unknown_at > now - LOOKED_FOR
    return is_recent and delivery.looks < LOOKS


def look_for_sends(desk: Desk, now: datetime) -> int:
    """Read the conversations of uncertain sends; return how many of them were settled. Raises ChannelError.

    One that is gone is looked for as often as the others, and then left to a person. A look that broke says nothing of
    the send, and is none: it is made again.
    """
    settled = broken = 0
    for one in _uncertain(desk.inbox_id, now):
        if not desk.spend():
            break
        is_look, messages = True, list[Inbound | Echo]()
        try:
            messages = desk.channel.thread_with(desk.account, one.customer_id, now)
        except ChannelError as error:
            log.info("A customer of inbox %s cannot be looked up: %s", desk.inbox_id, error.reason)
            if error.remedy not in GONE:
                is_look, broken = False, count_broken(error, broken)
        for message in messages:
            if isinstance(message, Echo):
                _settle(desk.inbox_id, one.conversation_id, message, now)
        settled += _count_look(one.conversation_id, is_look, now)
    return settled


def _uncertain(inbox_id: int, now: datetime) -> list[Uncertain]:
    rows = db.session.execute(
        select(Delivery.conversation_id, Customer.external_id)
        .join(Conversation, Delivery.conversation_id == Conversation.id)
        .join(Customer, Conversation.customer_id == Customer.id)
        .where(Delivery.inbox_id == inbox_id, is_look_due(now))
        .distinct()
        .limit(50)
    ).all()
    db.session.rollback()
    return [Uncertain(conversation_id, customer_id) for conversation_id, customer_id in rows]


def _settle(inbox_id: int, conversation_id: int, item: Echo, now: datetime) -> None:
    """Take it only if it settles something here; what else left the account is the other reading's business."""
    unknown = select(Delivery).where(
        Delivery.conversation_id == conversation_id, Delivery.state == DeliveryState.UNKNOWN
    )
    is_looked_for = any(is_echo_of(delivery, item) for delivery in db.session.scalars(unknown))
    db.session.rollback()
    if is_looked_for and _without_known(inbox_id, [item]):
        with transaction() as tx:
            take_echo(tx, db.session.get_one(Inbox, inbox_id), item, now, RECONCILIATION)


def _count_look(conversation_id: int, is_look: bool, now: datetime) -> int:
    """Note on what is still uncertain that it was not there, or could not be looked for; return how many were settled
    just now."""
    with transaction() as tx:
        conversation = get_locked(conversation_id)
        rows = db.session.scalars(
            select(Delivery)
            .where(Delivery.conversation_id == conversation_id, Delivery.unknown_at.is_not(None))
            .where(Delivery.state.in_((DeliveryState.UNKNOWN, DeliveryState.SENT)))
        ).all()
        unknown = [row for row in rows if row.state is DeliveryState.UNKNOWN]
        for row in unknown:
            row.looks += is_look
            row.looked_at = now
        if unknown and is_look:
            mark_changed(tx, conversation, *{row.message_id: row.message for row in unknown}.values())
        return sum(row.sent_at == now for row in rows)
