"""Everything of a customer, or of a whole inbox, is erased: in small steps, and safely again after a crash.

What belongs to whom is read off the tables. A row that cannot exist without something of the customer's (a foreign key
that is never null) is the customer's and goes. A row that merely points at something of theirs (the ledger's event,
the audit line) is the shop's: it stays, without the pointer and without what it may quote; unless its column says
`goes_with_target`, because empty it would mean something else. `tests/conversations/test_erase.py` lists every table,
so that a new one is decided about.
"""

import hashlib
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from sqlalchemy import (
    Column,
    ColumnElement,
    Delete,
    LargeBinary,
    Table,
    Update,
    and_,
    bindparam,
    delete,
    exists,
    func,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.exc import IntegrityError

from pilito import audit, realtime
from pilito.channels.base import Channel, by_name
from pilito.conversations import media_mark, pending_share, tally
from pilito.conversations.copies import leave_copies
from pilito.conversations.forget_trials import forget_trials
from pilito.conversations.merge import hand_on_groups
from pilito.conversations.upload import SOURCE
from pilito.database import Transaction, is_sqlite, transaction
from pilito.errors import MediaError, Refused
from pilito.extensions import channels
from pilito.lifecycle import ConversationState, DeliveryState, EventOutcome, WebhookState
from pilito.models import (
    Attachment,
    Audit,
    Comment,
    Conversation,
    Customer,
    Delivery,
    Draft,
    EarlyEdit,
    Erasure,
    Event,
    Inbox,
    MediaFile,
    Message,
    Share,
    Turn,
    Webhook,
    db,
)
from pilito.models.customer import ID_CHARACTERS
from pilito.search import wipe

log = logging.getLogger(__name__)

BATCH = 200  # rows a transaction: others write in between
LEDGER_BATCH = 500
# Lines about a conversation whose details are numbers, states, times, and names that the shop gave. Whatever is not
# named here loses its details with the customer: a line that somebody adds is safe before anybody thinks of it.
LINES_WITHOUT_WORDS = (
    *("assigned", "took_over", "gave_back", "closed", "reopened", "snoozed", "unsnoozed", "came_back", "seen_to"),
    *("undone", "undid_reply", "asked_again", "settled_send", "sent_draft", "discarded_draft", "mode_chosen"),
    *("labelled", "unlabelled", "note_written", "note_edited", "note_deleted"),
    *("blocked", "unblocked", "merged", "unmerged", "exported_customer"),
)
INBOX_ERASED = "inbox_erased"
# Why an item is ignored whose words have to leave the body that brought them.
ERASED_CUSTOMER, ERASED_ACCOUNT = "of a customer who was erased", "of an account that was erased"
RUNS = 5  # a message that comes while its customer is being erased makes the last step fail; then all begins anew


@dataclass(frozen=True)
class Going:
    """Whose erasing has begun, and what of theirs is on the ledger under: all up to `erased_at` goes."""

    inbox_id: int
    channel: Channel
    known: Sequence[str]
    erased_at: datetime


def erase_customer(customer_id: int, now: datetime, silent_since: datetime | None = None) -> None:
    """Erase the customer with all they wrote, what was written to them, and their items on the ledger.

    Raises Refused when there is no such customer, or when they have written since `silent_since`. What arrives again
    from before is ignored (`is_erased`); a customer who writes anew begins anew, also while this is under way.
    """
    going = _begin(customer_id, now, silent_since)
    times = _times_of(customer_id)
    with transaction():  # should this end half-way, the tallies are right all the same, a little later
        tally.mark_all(times, now + tally.BEFORE_ERASING)
    hand_on_groups(Customer.id == customer_id)
    _forget_waiting_shares(Conversation.customer_id == customer_id)
    _clean_ledger(going.channel, going.known, going.erased_at)
    _leave_copies(customer_id, now)
    conversation_ids = _conversations(Conversation.customer_id == customer_id)
    theirs = or_(comments_of(going.inbox_id, going.known), Comment.conversation_id.in_(conversation_ids))
    _erase_comments(and_(theirs, Comment.commented_at <= going.erased_at))

    def note(tx: Transaction) -> None:
        tally.mark_all(times, now)
        _note(tx, "customer_erased", going.inbox_id, now)

    _erase_rows(Customer.__table__, customer_id, note)
    forget_trials(conversation_ids)
    log.info("Customer %s was erased.", customer_id)


def erase_commenter(inbox_id: int, person_id: str, now: datetime) -> None:
    """Erase somebody who only commented, by their id or `by_name`: their comments, and their items on the ledger."""
    inbox = db.session.get_one(Inbox, inbox_id)
    channel = channels[inbox.channel]
    known = known_as(inbox_id, person_id)
    with transaction():
        _remember(inbox_id, known, now)
    _clean_ledger(channel, known, now)
    _erase_comments(comments_of(inbox_id, known), lambda tx: _note(tx, "commenter_erased", inbox_id, now))
    log.info("Somebody who had commented in inbox %s was erased.", inbox_id)


def erase_inbox(inbox_id: int, now: datetime) -> None:
    """Erase the inbox: its token, its customers and all of theirs, its items on the ledger. Harmless when it's gone."""
    inbox = db.session.get(Inbox, inbox_id)
    if inbox is None:
        return
    account_id, channel = inbox.external_id, channels[inbox.channel]
    hand_on_groups(Customer.inbox_id == inbox_id)
    _forget_waiting_shares(Conversation.inbox_id == inbox_id)
    _clean_ledger(channel, [account_id])
    conversation_ids = _conversations(Conversation.inbox_id == inbox_id)
    details = {"account_digest": digest(account_id)}
    _erase_rows(Inbox.__table__, inbox_id, lambda tx: _note(tx, INBOX_ERASED, inbox_id, now, **details))
    forget_trials(conversation_ids)
    log.info("Inbox %s was erased.", inbox_id)


def is_erased(inbox: Inbox, customer_id: str, said_at: datetime) -> bool:
    """Whether this was said before its customer's erasure: then it stays away, however often it comes."""
    if inbox.newest_erasure_at is None or said_at > inbox.newest_erasure_at:
        return False  # nearly always: nothing is asked of the database
    erased_at = db.session.scalar(
        select(Erasure.erased_at).where(Erasure.inbox_id == inbox.id, Erasure.customer_digest == digest(customer_id))
    )
    return erased_at is not None and said_at <= erased_at


def was_account(account_id: str | None) -> bool:
    """Whether this was an account here that was erased. Asked for what comes for an account that is not here."""
    if account_id is None:
        return False
    lines = db.session.scalars(select(Audit.details).where(Audit.action == INBOX_ERASED)).all()
    return any(details.get("account_digest") == digest(account_id) for details in lines)


def digest(person_id: str) -> str:
    return hashlib.sha256(person_id.encode()).hexdigest()


# --- steps -----------------------------------------------------------------------------------------------------------


def _begin(customer_id: int, now: datetime, silent_since: datetime | None) -> Going:
    """Remember the erasure, and take the provider's id off the row: what is written from now on hangs on another row,
    and is not lost with this one. Nothing is answered here any more, and what waits to be sent does not leave: its echo
    would be of nobody whom we know. Begun before, it goes on as of then."""
    customer = _checked(db.session.get(Customer, customer_id), customer_id)
    known = known_as(customer.inbox_id, customer.provider_id, customer.username)
    with transaction():
        conversations = db.session.scalars(
            select(Conversation)
            .where(Conversation.customer_id == customer_id)
            .order_by(Conversation.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        ).all()
        locked = db.session.get(Customer, customer_id, with_for_update=True, populate_existing=True)
        customer = _checked(locked, customer_id)
        if silent_since is not None and any(_has_spoken(one, silent_since) for one in conversations):
            raise Refused("not_silent", f"Customer {customer_id} has written since {silent_since}.")
        erased_at = _begun_at(customer) or now
        _remember(customer.inbox_id, known, erased_at)
        if not customer.is_going and len(customer.going_id + customer.external_id) <= ID_CHARACTERS:
            customer.external_id = customer.going_id + customer.external_id
        for conversation in conversations:
            conversation.state = ConversationState.CLOSED
            conversation.epoch += 1
        _stop_sending([conversation.id for conversation in conversations])
        return Going(customer.inbox_id, channels[customer.inbox.channel], known, erased_at)


def _stop_sending(conversation_ids: Sequence[int]) -> None:
    db.session.execute(
        update(Delivery)
        .where(Delivery.conversation_id.in_(conversation_ids), Delivery.state == DeliveryState.PENDING)
        .values(state=DeliveryState.FAILED, error="customer_erased")
        .execution_options(synchronize_session=False)
    )


def _checked(customer: Customer | None, customer_id: int) -> Customer:
    if customer is None:
        raise Refused("customer_not_found", f"There is no customer {customer_id}.")
    return customer


def _has_spoken(conversation: Conversation, since: datetime) -> bool:
    return conversation.last_message_at is not None and conversation.last_message_at >= since


def _begun_at(customer: Customer) -> datetime | None:
    """When an erasing began that did not come to its end: what was said since is not of this row."""
    if not customer.is_going:
        return None
    begun = select(func.max(Erasure.erased_at)).where(
        Erasure.inbox_id == customer.inbox_id, Erasure.customer_digest == digest(customer.provider_id)
    )
    return db.session.scalar(begun)


def _remember(inbox_id: int, known: Iterable[str], erased_at: datetime) -> None:
    digests = {digest(person_id) for person_id in known}
    inbox = db.session.get_one(Inbox, inbox_id, with_for_update=True, populate_existing=True)
    inbox.newest_erasure_at = max(erased_at, inbox.newest_erasure_at or erased_at)
    theirs = (Erasure.inbox_id == inbox_id, Erasure.customer_digest.in_(digests))
    for erasure in db.session.scalars(select(Erasure).where(*theirs)):
        erasure.erased_at = erased_at
        digests.remove(erasure.customer_digest)
    db.session.add_all(Erasure(inbox_id=inbox_id, customer_digest=one, erased_at=erased_at) for one in sorted(digests))


def _times_of(customer_id: int) -> set[datetime]:
    """When something happened with the customer that the tallies count."""
    theirs = Conversation.customer_id == customer_id
    columns = (
        (Message.sent_at, Message.conversation_id),
        (Turn.ended_at, Turn.conversation_id),
        (Draft.ended_at, Draft.conversation_id),
    )
    found = {
        time
        for column, owner in columns
        for time in db.session.scalars(select(column).join(Conversation, owner == Conversation.id).where(theirs))
        if time is not None
    }
    db.session.rollback()
    return found


def _conversations(whose: ColumnElement[bool]) -> list[int]:
    ids = list(db.session.scalars(select(Conversation.id).where(whose)))
    db.session.rollback()
    return ids


def _forget_waiting_shares(whose: ColumnElement[bool]) -> None:
    """What Redis knows is an id and ends by itself; it goes at once all the same."""
    shares = db.session.execute(
        select(Share.conversation_id, Share.message_id)
        .join(Conversation, Share.conversation_id == Conversation.id)
        .where(whose, Share.state == "waiting")
    ).all()
    db.session.rollback()
    for conversation_id, message_id in shares:
        pending_share.forget(conversation_id, message_id)


def _clean_ledger(channel: Channel, known: Sequence[str], erased_at: datetime | None = None) -> None:
    """Empty the person's items in the stored bodies; the ledger's count of events stays true.

    What came after the erasure, and is not in rows yet, is left: it may be what they write anew, and one that could not
    be read is read again once somebody has seen to it.
    """
    for webhook_ids in bodies_with(channel.name, known):
        with transaction():
            cleaned = [webhook_id for webhook_id in webhook_ids if _clean_body(channel, webhook_id, known, erased_at)]
            db.session.execute(delete(EarlyEdit).where(EarlyEdit.webhook_id.in_(cleaned)))
            # The reason of a failure may quote what could not be read.
            db.session.execute(
                update(Event)
                .where(Event.webhook_id.in_(cleaned), Event.outcome == EventOutcome.FAILED)
                .values(reason=None)
                .execution_options(synchronize_session=False)
            )


def _clean_body(channel: Channel, webhook_id: int, known: Iterable[str], erased_at: datetime | None) -> bool:
    """Return whether anything in it was theirs: a user name stands also where others wrote it."""
    webhook = db.session.get_one(Webhook, webhook_id, with_for_update=True, populate_existing=True)
    if erased_at is not None and webhook.state is not WebhookState.READ and webhook.received_at > erased_at:
        return False
    body = webhook.body
    for person_id in known:
        body = channel.without(body, person_id)
    if body == webhook.body:
        return False
    webhook.body, webhook.account, webhook.error = body, channel.account_of(body), None
    return True


def bodies_with(channel_name: str, known: Iterable[str]) -> Iterator[list[int]]:
    """The ids of the bodies that hold the person's id or name, some at a time, by a walk over the whole ledger."""
    holds = or_(*(_holds(number, person_id) for number, person_id in enumerate(known)))
    newest = db.session.scalar(select(func.max(Webhook.id))) or 0
    for start in range(0, newest + 1, LEDGER_BATCH):
        in_range = Webhook.id.between(start, start + LEDGER_BATCH - 1)
        ids = list(db.session.scalars(select(Webhook.id).where(in_range, Webhook.channel == channel_name, holds)))
        db.session.rollback()
        if ids:
            yield ids


def _holds(number: int, person_id: str) -> ColumnElement[bool]:
    name = f"needle_{number}"
    needle = f'"{person_id[1:]}"' if person_id.startswith("@") else person_id
    words = f"instr(body, :{name}) > 0" if is_sqlite() else f"position(:{name} in body) > 0"
    return text(words).bindparams(bindparam(name, needle.encode(), LargeBinary))  # type: ignore[return-value]


def _leave_copies(customer_id: int, now: datetime) -> None:
    """Our copies of the customer's files and picture: workers drop them once nothing points to them."""
    pointers = (
        select(Customer.picture_id).where(Customer.id == customer_id),
        select(Customer.next_picture_id).where(Customer.id == customer_id),
        *(
            select(column).join(Conversation, owner == Conversation.id).where(Conversation.customer_id == customer_id)
            for column, owner in ((Message.copy_id, Message.conversation_id), (Share.copy_id, Share.conversation_id))
        ),
        select(Attachment.copy_id)
        .join(Message, Attachment.message_id == Message.id)
        .join(Conversation, Message.conversation_id == Conversation.id)
        .where(Conversation.customer_id == customer_id),
    )
    # What was chosen for them and not sent: nothing points to it. No index serves this: 50 ms for 100,000 files.
    sources = [f"{SOURCE}{owner_id}" for owner_id in _conversations(Conversation.customer_id == customer_id)]
    is_sent = exists().where(Attachment.copy_id == MediaFile.id)
    unsent = select(MediaFile.id).where(MediaFile.source_url.in_(sources), ~is_sent)
    found = {copy_id for query in (*pointers, unsent) for copy_id in db.session.scalars(query) if copy_id is not None}
    wanted = sorted(found)
    for start in range(0, len(wanted), BATCH):
        with transaction() as tx:
            leave_copies(tx, wanted[start : start + BATCH], now)


def _drop_objects(inbox_id: int) -> None:
    """The files in our store; only copies of one inbox share an object, and all of them go.

    From a bucket that is held none does. Nobody names them after this, so tidy_media.py drops them once it is not.
    """
    found = db.session.scalars(
        select(MediaFile.key).where(MediaFile.inbox_id == inbox_id, MediaFile.key.is_not(None)).distinct()
    ).all()
    db.session.rollback()
    names = [name for name in found if name]
    try:
        for start in range(0, len(names), BATCH):
            media_mark.drop(names[start : start + BATCH])
    except MediaError as error:
        if error.reason != media_mark.HELD:
            raise
        log.warning("Inbox %s is erased but for its files, which wait until the bucket is ours.", inbox_id)


def _note(tx: Transaction, action: str, inbox_id: int, now: datetime, **details: str) -> None:
    """The line of the audit log, in the transaction that ends it: it stands there once, and whenever it is true. Then
    the words leave the pages that are open somewhere, too."""
    db.session.add(Audit(at=now, action=action, details={"inbox_id": inbox_id, **details}))
    wipe.mark_erased(now)
    tx.after_commit(realtime.all_changed)


def _nothing(_tx: Transaction) -> None: ...


def _erase_comments(whose: ColumnElement[bool], at_the_end: Callable[[Transaction], None] = _nothing) -> None:
    """Comments hang on the inbox, not on a customer: most who comment never write."""
    comment = Comment.__table__
    _in_batches(comment, whose, _change(comment, delete(comment)), at_the_end)


def _let_lines_go(ids: list[int]) -> None:
    """Take the conversation off these lines of the audit log, and with it, in one transaction, what they may quote."""
    quoting = select(Audit.id).where(Audit.id.in_(ids), Audit.action.not_in(LINES_WITHOUT_WORDS))
    audit.forget_words(db.session.scalars(quoting).all())
    audit.part(ids)


def _erase_rows(root: Table, root_id: int, at_the_end: Callable[[Transaction], None]) -> None:
    for run in range(1, RUNS + 1):
        try:
            _erase_once(root, root_id, at_the_end)
            return
        except IntegrityError:
            if run == RUNS:
                raise
            log.info("Something came for %s %s while it was being erased; once more.", root.name, root_id)


def _erase_once(root: Table, root_id: int, at_the_end: Callable[[Transaction], None]) -> None:
    owned = {table: whose(table, root, root_id) for table in owned_tables(root)}
    for table, column in pointers(root):
        (target,) = (key.column.table for key in column.foreign_keys)
        points = column.in_(select(target.c.id).where(owned[target]))
        emptied = _change(table, update(table).values({column.name: None}))
        _in_batches(table, points, _let_lines_go if table is Audit.__table__ else emptied)
    for table in reversed(list(owned)):
        if table is MediaFile.__table__:  # an inbox's; every word is gone by now, for a store may be away for long
            _drop_objects(root_id)
        _in_batches(table, owned[table], _change(table, delete(table)), at_the_end if table is root else _nothing)


def _change(table: Table, statement: Update | Delete) -> Callable[[list[int]], None]:
    """The statement for the rows with these ids."""

    def change(ids: list[int]) -> None:
        db.session.execute(statement.where(table.c.id.in_(ids)))

    return change


def _in_batches(
    table: Table,
    condition: ColumnElement[bool],
    change: Callable[[list[int]], None],
    at_the_end: Callable[[Transaction], None] = _nothing,
) -> None:
    """Change or delete the rows of the condition, BATCH of them a transaction, until there is none left.

    `at_the_end` is called in the last transaction, by whoever changed something: not by a second one who came too late.
    """
    is_mine = False
    while True:
        with transaction() as tx:
            ids = list(db.session.scalars(select(table.c.id).where(condition).limit(BATCH).with_for_update()))
            if ids:
                change(ids)
            is_mine = is_mine or bool(ids)
            is_last = len(ids) < BATCH
            if is_last and is_mine:
                at_the_end(tx)
        if is_last:
            return


# --- what belongs to whom --------------------------------------------------------------------------------------------


def known_as(inbox_id: int, person_id: str, username: str | None = None) -> list[str]:
    """The person's id and, for what came without it, the user names that they are known by (`by_name`)."""
    is_customer = (Customer.inbox_id == inbox_id, Customer.external_id == person_id)
    names = {
        by_name(told)
        for query in (
            select(Customer.username).where(*is_customer),
            select(Comment.author_username).where(comments_of(inbox_id, [person_id])).distinct(),
        )
        for told in (*db.session.scalars(query), username)
    }
    db.session.rollback()
    return [person_id, *sorted(names - {"", person_id})]


def comments_of(inbox_id: int, known: Sequence[str]) -> ColumnElement[bool]:
    """The condition under which a comment is this person's: theirs by its author, which may be the name alone, or by
    whom its answer reached."""
    reached = (
        select(Conversation.id)
        .join(Customer, Conversation.customer_id == Customer.id)
        .where(Customer.inbox_id == inbox_id, Customer.external_id.in_(known))
    )
    called = and_(Comment.author_external_id.is_(None), ("@" + func.lower(Comment.author_username)).in_(known))
    is_theirs = or_(Comment.author_external_id.in_(known), called, Comment.conversation_id.in_(reached))
    return and_(Comment.inbox_id == inbox_id, is_theirs)


@cache  # the tables stay as they are, and each step of an erasing asks anew
def owned_tables(root: Table) -> dict[Table, Column[int] | None]:
    """The tables whose rows cannot be without a row of `root`, parents first, each with the column that says so."""
    owned: dict[Table, Column[int] | None] = {root: None}
    for table in db.metadata.sorted_tables:
        parents = [column for column in _keys(table) if _owns(column) and _target(column) in owned]
        if parents and table is not root:
            # The nearest to the root: fewer tables to look through.
            owned[table] = min(parents, key=lambda column: list(owned).index(_target(column)))
    return owned


def pointers(root: Table) -> list[tuple[Table, Column[int]]]:
    """Columns that may be empty and point at something of `root`: emptied before anything goes."""
    owned = owned_tables(root)
    return [
        (table, column)
        for table in db.metadata.sorted_tables
        for column in _keys(table)
        if not _owns(column) and _target(column) in owned
    ]


def whose(table: Table, root: Table, root_id: int) -> ColumnElement[bool]:
    """The condition under which a row of this table belongs to the root's row."""
    column = owned_tables(root)[table]
    if column is None:
        return root.c.id == root_id
    parent = _target(column)
    if parent is root:
        return column == root_id
    return column.in_(select(parent.c.id).where(whose(parent, root, root_id)))


def _owns(column: Column[int]) -> bool:
    """Whether a row goes with what this column points at."""
    return not column.nullable or bool(column.info.get("goes_with_target"))


def _keys(table: Table) -> list[Column[int]]:
    return [column for column in table.columns if column.foreign_keys]


def _target(column: Column[int]) -> Table:
    return next(iter(column.foreign_keys)).column.table
