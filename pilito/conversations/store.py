"""A message of a customer becomes rows: the message, its files, its share, and the turn it opens."""

import logging
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, delete, literal, select, update
from sqlalchemy.exc import IntegrityError

from pilito.channels.base import STANDBY, Echo, File, Inbound, SharedMedia
from pilito.conversations import tally, turns
from pilito.conversations.add_share import add_share
from pilito.conversations.came_back import BY_CUSTOMER, come_back
from pilito.conversations.contents import content_of
from pilito.conversations.copies import copy_of_ad, copy_of_file, wake_copies
from pilito.conversations.drafts import go_stale
from pilito.conversations.fetch_profile import ask_for_profile
from pilito.conversations.lock import find_locked, get_locked, mark_changed
from pilito.conversations.newest import count_message
from pilito.conversations.outcome import Outcome
from pilito.conversations.own_posts import ask_for_post, completed, find_own_post, learn
from pilito.conversations.pair import (
    POINTERS,
    LookUp,
    answers_which,
    has_answers_since,
    has_shares_near,
    is_question,
    log_waiting,
    pair_shares,
)
from pilito.conversations.pairing import combined_content
from pilito.conversations.read_media import begin_readings
from pilito.conversations.reword import reword
from pilito.database import Transaction
from pilito.extensions import channels
from pilito.lifecycle import SILENT_TYPES, ConversationState, EventOutcome, MessageType, Sender, ShareState
from pilito.models import (
    Attachment,
    Audit,
    Conversation,
    Customer,
    EarlyEdit,
    Event,
    Inbox,
    Message,
    db,
)

log = logging.getLogger(__name__)

MESSAGE_BY_EXTERNAL_ID = select(Message).where(
    Message.inbox_id == bindparam("inbox"), Message.external_id == bindparam("external")
)
_ONE = select(literal(1).label("one")).subquery()
MESSAGE_AND_EDITS = (
    select(Message, EarlyEdit)
    .select_from(_ONE)
    .outerjoin(Message, and_(Message.inbox_id == bindparam("inbox"), Message.external_id == bindparam("external")))
    .outerjoin(
        EarlyEdit, and_(EarlyEdit.inbox_id == bindparam("inbox"), EarlyEdit.external_id == bindparam("external"))
    )
)


class Overtaken(IntegrityError):
    """Somebody's erasing began since we asked whether the customer was erased: it has to be asked again."""

    def __init__(self) -> None:
        super().__init__("an erasing began meanwhile", None, ValueError())


@dataclass(frozen=True)
class Found:
    """How a message came to us where no event brought it: its origin, and the later reply that had settled it."""

    origin: str | None = None
    answered_by: Message | None = None


BY_EVENT = Found()


def store_message(
    tx: Transaction,
    inbox: Inbox,
    item: Inbound,
    now: datetime,
    cached: int | None,
    found: Found = BY_EVENT,
) -> Outcome:
    """Store a customer's message once, pair it, and ask the assistant where something was asked."""
    conversation = get_conversation(inbox, item.customer_id, now)
    known, edits = _look_up(inbox, item.external_id)
    if known is not None:
        if known.origin == turns.RECONCILIATION and known.share and item.share and not known.deleted_at:
            learn(tx, conversation, known.share, item.share, now)
        return Outcome(EventOutcome.DUPLICATE, None, known.id, item.external_id if known.deleted_at else None)
    with db.session.no_autoflush:  # one flush for all rows: each costs more than the question that would cause it
        message = _add_rows(tx, inbox, conversation, item, now, cached, edits, found)
    db.session.flush()
    return Outcome(EventOutcome.STORED, message_id=message.id)


def _add_rows(
    tx: Transaction,
    inbox: Inbox,
    conversation: Conversation,
    item: Inbound,
    now: datetime,
    cached: int | None,
    edits: list[EarlyEdit],
    found: Found,
) -> Message:
    own = find_own_post(inbox, item.share) if item.share else None
    whole = replace(item, share=completed(item.share, own)) if item.share else item
    message = add_message(conversation, whole, Sender.CUSTOMER, now, found.origin)
    message.answered_by_id = found.answered_by.id if found.answered_by else None
    if item.share is not None:
        if item.question:
            db.session.flush()  # the share names its message as its question, which needs an id
        add_share(message, item.share, item.question, own, now)
        if own is None:
            ask_for_post(tx, inbox, item.share)
        tx.after_commit(log.info, "📱 %s share received from %s", channels[inbox.channel].title, item.customer_id)
    if edits:
        db.session.flush()
        _apply_edits(message, edits)
    wake_copies(tx, message)
    count_message(conversation, message)
    is_quiet = item.origin == STANDBY or found.answered_by is not None or conversation.is_blocked
    if not is_quiet:
        begin_readings(message, now)
    if conversation.state is ConversationState.CLOSED and not is_quiet:
        _reopen(conversation, inbox, now)
    if conversation.snoozed_until is not None and not is_quiet:
        come_back(conversation, BY_CUSTOMER, now)
    if not is_quiet and message.message_type in POINTERS:
        db.session.flush()
        if answers_which(message):
            message.content = combined_content([message.content], "")
    _count_in(conversation, message)
    ask_for_profile(tx, conversation, now)
    is_asked = _pair_and_ask(tx, inbox, conversation, message, now, cached)
    if not is_quiet and (is_asked or conversation.state is not ConversationState.ASSISTANT):
        # After what asks nothing (a like, a lone share) no other draft would be written, and nobody see this one.
        go_stale(conversation, "customer_wrote")
    return message


def _pair_and_ask(
    tx: Transaction, inbox: Inbox, conversation: Conversation, message: Message, now: datetime, cached: int | None
) -> bool:
    """Give the message its place, and have the assistant asked; return whether there is anything to ask."""
    changed, asked = [message], [message]
    if channels[inbox.channel].shares_wait and _may_pair(conversation, message):
        db.session.flush()
        is_looked_up = message.message_type is MessageType.TEXT
        look_up = LookUp(message.id, cached) if is_looked_up else None
        pairing = pair_shares(tx, conversation, message.sent_at, now, look_up)
        changed += pairing.changed
        asked += pairing.questions
        turns.ask_again(conversation, pairing.questions, now)
    if message.share is not None and message.share.state is ShareState.WAITING:
        tx.after_commit(log_waiting, conversation, message.share)
    turns.ask(tx, conversation, asked, now)
    mark_changed(tx, conversation, *changed)
    return any(map(turns.asks, asked))


def _may_pair(conversation: Conversation, message: Message) -> bool:
    """Whether the message can change a pairing: it is a share, a question with a share near it, or was said before a
    post that came first and was read as the answer to "which one?"."""
    if message.share is not None:
        return True
    if is_question(message):
        return has_shares_near(conversation, message.sent_at)
    return message.message_type not in SILENT_TYPES and has_answers_since(conversation, message.sent_at)


def get_conversation(inbox: Inbox, customer_external_id: str, now: datetime) -> Conversation:
    """Find or make the customer and the conversation, and lock it.

    Raises IntegrityError when another worker made one of them at the same moment, or somebody's erasing began in it.
    """
    return find_locked(inbox, customer_external_id) or _make_conversation(inbox, customer_external_id, now)


def _make_conversation(inbox: Inbox, customer_external_id: str, now: datetime) -> Conversation:
    customer = _get_customer(inbox, customer_external_id, now)
    conversation = Conversation(
        inbox_id=inbox.id, customer_id=customer.id, state=turns.first_state(inbox), created_at=now
    )
    db.session.add(conversation)
    db.session.flush()
    return get_locked(conversation.id)


def _get_customer(inbox: Inbox, external_id: str, now: datetime) -> Customer:
    customer = db.session.scalar(
        select(Customer).where(Customer.inbox_id == inbox.id, Customer.external_id == external_id)
    )
    if customer is None:
        customer = Customer(inbox_id=inbox.id, external_id=external_id, created_at=now)
        db.session.add(customer)
        db.session.flush()  # on PostgreSQL it waits for an erasing that begins now, and holds up the next
        if db.session.scalar(select(Inbox.newest_erasure_at).where(Inbox.id == inbox.id)) != inbox.newest_erasure_at:
            raise Overtaken
    return customer


def _look_up(inbox: Inbox, external_id: str) -> tuple[Message | None, list[EarlyEdit]]:
    """The message, if it came before, and the edits of it that came before it: one question for both."""
    rows = db.session.execute(MESSAGE_AND_EDITS, {"inbox": inbox.id, "external": external_id}).all()
    return rows[0][0], [row[1] for row in rows if row[1] is not None]


def _apply_edits(message: Message, edits: list[EarlyEdit]) -> None:
    """Give the message the texts that its edits gave it, oldest first; the ledger learns whose they were."""
    for edit in sorted(edits, key=lambda edit: (edit.number or 0, edit.at)):
        if edit.number is None or edit.number > (message.edit_number or 0):
            reword(message, edit.text, edit.question, edit.number, edit.at)
        link_event(edit, message.id)
    db.session.execute(delete(EarlyEdit).where(EarlyEdit.id.in_([edit.id for edit in edits])))


def link_event(edit: EarlyEdit, message_id: int | None) -> None:
    """Say on the ledger whose edit it was, so that an unsend finds the words there."""
    of_edit = (Event.webhook_id == edit.webhook_id, Event.position == edit.position)
    db.session.execute(update(Event).where(*of_edit).values(message_id=message_id))


def find_message(inbox: Inbox, external_id: str) -> Message | None:
    return db.session.scalar(MESSAGE_BY_EXTERNAL_ID, {"inbox": inbox.id, "external": external_id})


def add_message(
    conversation: Conversation, item: Inbound | Echo, sender: Sender, now: datetime, origin: str | None = None
) -> Message:
    """Add the row of a message that came through the channel, with its files. The caller flushes.

    `origin` tells how it reached us where no event brought it.
    """
    question = item.question if isinstance(item, Inbound) else ""
    tally.mark(item.sent_at, now)
    message = Message(
        conversation=conversation,
        inbox_id=conversation.inbox_id,
        external_id=item.external_id,
        sender=sender,
        message_type=item.message_type,
        provider_type=item.provider_type[:64],
        text=item.text,
        content=content_of(item.message_type, item.text, item.share, question, [file.title for file in item.files]),
        reply_to_external_id=item.reply_to_external_id,
        payload=item.payload if isinstance(item, Inbound) else None,
        referral=_referral_row(item),
        copy=copy_of_ad(conversation.inbox_id, item.referral, now) if isinstance(item, Inbound) else None,
        origin=origin or item.origin,
        sent_at=item.sent_at,
        created_at=now,
        attachments=[
            Attachment(
                position=number,
                kind=file.kind[:32],
                url=file.url,
                title=file.title,
                media_id=file.media_id,
                copy=None if _is_on_card(file, item.share) else copy_of_file(conversation.inbox, file, now),
            )
            for number, file in enumerate(item.files)
        ],
        share=None,  # said, so that nobody asks the database for it
    )
    db.session.add(message)
    return message


def _is_on_card(file: File, share: SharedMedia | None) -> bool:
    """Whether this is the post itself, whose copy its card has; further slides of a carousel have their own."""
    return share is not None and file.url == share.url


def _referral_row(item: Inbound | Echo) -> dict[str, Any] | None:
    """The parts of a referral that are there."""
    if isinstance(item, Echo) or item.referral is None:
        return None
    return {name: value for name, value in asdict(item.referral).items() if value}


def _reopen(conversation: Conversation, inbox: Inbox, now: datetime) -> None:
    """The customer writes again: whoever answers new conversations answers this one."""
    conversation.state = turns.first_state(inbox, conversation)
    db.session.add(Audit(at=now, action="reopened", conversation_id=conversation.id))


def _count_in(conversation: Conversation, message: Message) -> None:
    """Count what the customer sent: unread, the reply window, who waits."""
    if not conversation.is_blocked:
        conversation.unread_count += 1
    newest = conversation.last_customer_message_at
    conversation.last_customer_message_at = max(newest, message.sent_at) if newest else message.sent_at
    if turns.asks(message):
        turns.note_waiting(conversation, message)
