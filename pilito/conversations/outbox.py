"""A reply becomes rows: the message, and a delivery for each part that the channel takes."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, select

from pilito import hints, keys
from pilito.channels.base import Outbound
from pilito.conversations.contents import content_of
from pilito.conversations.newest import count_message
from pilito.conversations.payload import (
    NOTHING,
    Extras,
    Json,
    outbound_of,
    own_id,
    parts_of,
    payload_of,
    readdressed,
    shown_files,
)
from pilito.conversations.upload import described
from pilito.database import Transaction
from pilito.errors import Unsendable
from pilito.extensions import channels
from pilito.lifecycle import DeliveryState, MessageType, ProcessingStatus, Sender
from pilito.models import Attachment, Conversation, Delivery, Message, db

# What the whole reply is, by what its first part is.
MESSAGE_TYPES = {
    "image": MessageType.IMAGE,
    "voice": MessageType.VOICE,
    "video": MessageType.VIDEO,
    "file": MessageType.FILE,
    "cards": MessageType.PRODUCT,
    "like": MessageType.LIKE,
}

# Stands for the address that a file of ours gets when it is sent, where only the rules for its kind are asked.
ANY_ADDRESS = "https://files.example/file"

NEXT_DELIVERY = (
    select(Delivery)
    .where(
        Delivery.conversation_id == bindparam("conversation"),
        Delivery.state.in_((DeliveryState.PENDING, DeliveryState.SENDING)),
    )
    .order_by(Delivery.id)
    .limit(1)
    .execution_options(populate_existing=True)
)


def add_reply(
    conversation: Conversation,
    sender: Sender,
    text: str,
    now: datetime,
    extras: Extras = NOTHING,
    machine_line: str | None = None,
) -> Message:
    """Record a reply with its deliveries. The caller flushes, and has them sent after the commit.

    `machine_line` is sent in front of it (conversations/disclose.py); the assistant does not read it as its own words.
    Raises Unsendable before any row is written when the channel would not take a part of it.
    """
    extras = described(conversation, extras)
    sent_text = f"{machine_line}\n\n{text}" if machine_line else text
    parts = _checked(conversation, sent_text, extras)
    message_type = MESSAGE_TYPES.get(parts[0].kind, MessageType.TEXT) if parts else MessageType.TEXT
    message = Message(
        conversation=conversation,
        inbox_id=conversation.inbox_id,
        sender=sender,
        message_type=message_type,
        processing_status=ProcessingStatus.COMPLETED,
        text=sent_text,
        content=content_of(message_type, text, None),
        machine_line=machine_line,
        reply_to_external_id=extras.reply_to_external_id,
        sent_at=now,
        created_at=now,
        epoch=conversation.epoch,
        deliveries=[
            _delivery(conversation, position, part.text, payload_of(part), now) for position, part in enumerate(parts)
        ],
        attachments=[
            _attachment(number, file.kind, file.url, file.title) for number, file in enumerate(shown_files(extras))
        ],
        share=None,  # said, so that nobody asks the database for it
    )
    db.session.add(message)
    count_message(conversation, message)
    return message


def add_again(conversation: Conversation, old: Message, parts: Sequence[Delivery], now: datetime) -> Message:
    """Record these parts of an earlier reply as a reply of a person, with all they carry. The caller flushes."""
    first = outbound_of("", parts[0].text, None, parts[0].payload)
    message_type = MESSAGE_TYPES.get(first.kind, MessageType.TEXT)
    files = old.attachments if first.file or first.cards else []
    text = "\n".join(part.text for part in parts if part.text) or old.text
    # With the first part its line goes once more; the customer has not read it yet.
    machine_line = old.machine_line if parts[0].position == 0 else None
    message = Message(
        conversation=conversation,
        inbox_id=conversation.inbox_id,
        sender=Sender.OPERATOR,
        message_type=message_type,
        processing_status=ProcessingStatus.COMPLETED,
        text=text,
        machine_line=machine_line,
        reply_to_external_id=first.reply_to_external_id,
        sent_at=now,
        created_at=now,
        epoch=conversation.epoch,
        deliveries=[
            _delivery(conversation, position, part.text, part.payload, now) for position, part in enumerate(parts)
        ],
        attachments=[
            Attachment(position=file.position, kind=file.kind, url=file.url, title=file.title, copy_id=file.copy_id)
            for file in files
        ],
        share=None,
    )
    message.content = content_of(message_type, message.words, None)
    db.session.add(message)
    count_message(conversation, message)
    return message


def _attachment(position: int, kind: str, url: str | None, title: str | None) -> Attachment:
    """A file that we send; one of our own store is its own copy."""
    media_id = own_id(url)
    address = url if media_id is None else None
    return Attachment(position=position, kind=kind, url=address, title=title, copy_id=media_id)


def _delivery(conversation: Conversation, position: int, text: str, payload: Json | None, now: datetime) -> Delivery:
    return Delivery(
        conversation_id=conversation.id,
        inbox_id=conversation.inbox_id,
        position=position,
        text=text,
        payload=payload,
        state=DeliveryState.PENDING,
        due_at=now,
        created_at=now,
        attempt=0,
    )


def leave(tx: Transaction, _conversation: Conversation, message: Message, _now: datetime) -> None:
    """Flush the reply's rows, and leave it to a job of its own."""
    db.session.flush()
    tx.after_commit(hints.hint, keys.DELIVERIES, keys.DELIVER_JOB, message.id)


def hold(tx: Transaction, message: Message, until: datetime) -> None:
    """Leave it to a job of its own too, but not before `until`: as long as that it can be taken back."""
    for part in message.deliveries:
        part.due_at = until
    db.session.flush()
    job_id = f"deliver-held-{message.id}"
    tx.after_commit(hints.hint_at, until, job_id, keys.DELIVERIES, keys.DELIVER_JOB, message.id)


def _checked(conversation: Conversation, text: str, extras: Extras) -> list[Outbound]:
    channel = channels[conversation.inbox.channel]
    parts = parts_of(channel.split(text), extras)
    for part in parts:
        if problem := channel.check(readdressed(part, lambda _: ANY_ADDRESS)):
            raise Unsendable(problem.reason, problem.expected)
    return parts


def next_delivery(conversation_id: int) -> Delivery | None:
    """The oldest part of this conversation that is not settled: parts and replies leave in order."""
    return db.session.scalar(NEXT_DELIVERY, {"conversation": conversation_id})


def wake_next(tx: Transaction, conversation: Conversation) -> None:
    """The next reply of this conversation waited for ours."""
    following = next_delivery(conversation.id)
    if following is not None and following.state is DeliveryState.PENDING:
        tx.after_commit(hints.hint, keys.DELIVERIES, keys.DELIVER_JOB, following.message_id)
