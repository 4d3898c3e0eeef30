"""A message of a customer becomes rows: the message, its files, its share, and the turn it opens."""

import logging
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import select

from pilito.channels.base import Echo, Inbound
from pilito.conversations import turns
from pilito.conversations.contents import content_of
from pilito.conversations.fetch_profile import ask_for_profile
from pilito.conversations.lock import get_locked, mark_changed
from pilito.conversations.outcome import Outcome
from pilito.conversations.own_posts import completed, find_own_post
from pilito.conversations.pair import LookUp, is_question, log_waiting, pair_shares
from pilito.database import Transaction
from pilito.extensions import channels, settings
from pilito.lifecycle import ConversationState, EventOutcome, Sender, ShareState
from pilito.models import Attachment, Audit, Conversation, Customer, Inbox, Message, OwnPost, Share, db

log = logging.getLogger(__name__)

PREVIEW_CHARACTERS = 120


def store_message(
    tx: Transaction,
    inbox: Inbox,
    item: Inbound,
    now: datetime,
    cached: int | None,
    origin: str | None = None,
    answered_by: Message | None = None,
) -> Outcome:
    """Store a customer's message once, pair it, and ask the assistant where something was asked.

    `origin` tells how it reached us where no event brought it; `answered_by` is the later reply that settled it.
    """
    conversation = get_conversation(inbox, item.customer_id, now)
    known = find_message(inbox, item.external_id)
    if known is not None:
        return Outcome(EventOutcome.DUPLICATE, message_id=known.id)
    own = find_own_post(inbox, item.share) if item.share else None
    whole = replace(item, share=completed(item.share, own)) if item.share else item
    message = add_message(conversation, whole, Sender.CUSTOMER, now, origin)
    message.answered_by_id = answered_by.id if answered_by else None
    if item.share is not None:
        _add_share(message, item, own)
        tx.after_commit(log.info, "📱 %s share received from %s", channels[inbox.channel].title, item.customer_id)
    count_message(conversation, message)
    if conversation.state is ConversationState.CLOSED and answered_by is None:
        _reopen(conversation, inbox, now)
    _count_in(conversation, message)
    ask_for_profile(tx, conversation, now)
    _pair_and_ask(tx, inbox, conversation, message, now, cached)
    return Outcome(EventOutcome.STORED, message_id=message.id)


def _pair_and_ask(
    tx: Transaction, inbox: Inbox, conversation: Conversation, message: Message, now: datetime, cached: int | None
) -> None:
    changed, asked = [message], [message]
    if channels[inbox.channel].shares_wait and (message.share is not None or is_question(message)):
        look_up = LookUp(message.id, cached) if is_question(message) else None
        pairing = pair_shares(tx, conversation, message.sent_at, now, look_up)
        changed += pairing.changed
        asked += pairing.questions
    if message.share is not None and message.share.state is ShareState.WAITING:
        tx.after_commit(log_waiting, conversation, message.share)
    turns.ask(tx, conversation, asked, now)
    mark_changed(tx, conversation, *changed)


def get_conversation(inbox: Inbox, customer_external_id: str, now: datetime) -> Conversation:
    """Find or make the customer and the conversation, and lock it.

    Raises IntegrityError when another worker made one of them at the same moment.
    """
    customer = _get_customer(inbox, customer_external_id, now)
    conversation_id = db.session.scalar(
        select(Conversation.id).where(Conversation.inbox_id == inbox.id, Conversation.customer_id == customer.id)
    )
    if conversation_id is None:
        conversation = Conversation(
            inbox_id=inbox.id, customer_id=customer.id, state=turns.first_state(inbox), created_at=now
        )
        db.session.add(conversation)
        db.session.flush()
        conversation_id = conversation.id
    return get_locked(conversation_id)


def _get_customer(inbox: Inbox, external_id: str, now: datetime) -> Customer:
    customer = db.session.scalar(
        select(Customer).where(Customer.inbox_id == inbox.id, Customer.external_id == external_id)
    )
    if customer is None:
        customer = Customer(inbox_id=inbox.id, external_id=external_id, created_at=now)
        db.session.add(customer)
        db.session.flush()
    return customer


def find_message(inbox: Inbox, external_id: str) -> Message | None:
    return db.session.scalar(select(Message).where(Message.inbox_id == inbox.id, Message.external_id == external_id))


def add_message(
    conversation: Conversation, item: Inbound | Echo, sender: Sender, now: datetime, origin: str | None = None
) -> Message:
    """Add the row of a message that came through the channel, with its files."""
    question = item.question if isinstance(item, Inbound) else ""
    message = Message(
        conversation=conversation,
        inbox_id=conversation.inbox_id,
        external_id=item.external_id,
        sender=sender,
        message_type=item.message_type,
        provider_type=item.provider_type[:64],
        text=item.text,
        content=content_of(item.message_type, item.text, item.share, question),
        reply_to_external_id=item.reply_to_external_id if isinstance(item, Inbound) else None,
        origin=origin,
        sent_at=item.sent_at,
        created_at=now,
        attachments=[
            Attachment(position=number, kind=file.kind[:32], url=file.url, title=file.title, media_id=file.media_id)
            for number, file in enumerate(item.files)
        ],
    )
    db.session.add(message)
    db.session.flush()
    return message


def _add_share(message: Message, item: Inbound, own: OwnPost | None) -> None:
    """Add the share's row; pairing gives it its place. A post that came with its question has it already."""
    media = item.share
    assert media is not None
    message.share = Share(
        conversation_id=message.conversation_id,
        kind=media.kind[:32],
        media_id=media.media_id,
        title=media.title,
        subtitle=media.subtitle,
        caption=media.caption,
        url=media.url,
        permalink=media.permalink,
        state=ShareState.COMBINED if item.question else ShareState.SUPERSEDED,
        combined_with_id=message.id if item.question else None,
        sent_at=item.sent_at,
        expires_at=item.sent_at + timedelta(seconds=settings.share_wait_seconds),
        own_post=own,
    )


def count_message(conversation: Conversation, message: Message) -> None:
    """Bring the conversation's line in the list up to date; a late message is not the newest."""
    if conversation.last_message_at is None or message.sent_at >= conversation.last_message_at:
        conversation.last_message_at = message.sent_at
        share = message.share
        conversation.preview = (message.text or (share.caption if share else None) or message.content)[
            :PREVIEW_CHARACTERS
        ]


def _reopen(conversation: Conversation, inbox: Inbox, now: datetime) -> None:
    """The customer writes again: whoever answers new conversations answers this one."""
    conversation.state = turns.first_state(inbox)
    db.session.add(Audit(at=now, action="reopened", conversation_id=conversation.id))


def _count_in(conversation: Conversation, message: Message) -> None:
    """Count what the customer sent: unread, the reply window, who waits."""
    conversation.unread_count += 1
    newest = conversation.last_customer_message_at
    conversation.last_customer_message_at = max(newest, message.sent_at) if newest else message.sent_at
    if turns.asks(message):
        since = conversation.unanswered_since
        conversation.unanswered_since = min(since, message.sent_at) if since else message.sent_at
