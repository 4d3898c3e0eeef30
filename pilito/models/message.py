"""Incoming and outgoing messages, and the files they carry."""

from datetime import datetime
from typing import TYPE_CHECKING, Any, Optional

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from pilito.extensions import db
from pilito.lifecycle import MessageType, ProcessingStatus, Sender
from pilito.models.conversation import Conversation
from pilito.models.types import Growing, Id, UtcDateTime, state_column

if TYPE_CHECKING:
    from pilito.models.delivery import Delivery
    from pilito.models.media_file import MediaFile
    from pilito.models.proof import Proof
    from pilito.models.reading import Reading
    from pilito.models.share import Share
    from pilito.models.turn import Turn

UNDONE = "undone"  # the origin of a reply that its writer took back before it left


class Message(db.Model):
    """`text` is what the customer typed, and after an edit what it says now; an unsend empties it.
    `content` is what the assistant reads."""

    __tablename__ = "message"
    __table_args__ = (
        UniqueConstraint("inbox_id", "external_id"),
        UniqueConstraint("conversation_id", "client_id"),
        UniqueConstraint("answers_turn_id"),  # one reply per turn, held by the database
        Index("ix_message_conversation_sent_at", "conversation_id", "sent_at", "id"),
        Index("ix_message_sent_at", "sent_at"),  # what happened in a quarter of an hour is counted by it
        Index("ix_message_conversation_seq", "conversation_id", "seq"),
        Index("ix_message_turn_id", "turn_id"),
        Index("ix_message_copy_id", "copy_id"),
        Index(
            "ix_message_machine_line",
            "conversation_id",
            "sent_at",
            sqlite_where=db.text("machine_line IS NOT NULL"),
            postgresql_where=db.text("machine_line IS NOT NULL"),
        ),
        Index(
            "ix_message_unanswered",
            "conversation_id",
            sqlite_where=db.text("sender = 'customer' AND answered_by_id IS NULL"),
            postgresql_where=db.text("sender = 'customer' AND answered_by_id IS NULL"),
        ),
        Index("ix_message_message_type", "message_type"),
        Index(
            "ix_message_answered_by_id",
            "answered_by_id",
            sqlite_where=db.text("answered_by_id IS NOT NULL"),
            postgresql_where=db.text("answered_by_id IS NOT NULL"),
        ),
    )

    id: Mapped[Id]
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversation.id"))
    inbox_id: Mapped[int] = mapped_column(ForeignKey("inbox.id"))
    external_id: Mapped[str | None] = mapped_column(String(512))  # the provider's id; None for our own replies
    sender: Mapped[Sender] = mapped_column(state_column(Sender))
    message_type: Mapped[MessageType] = mapped_column(Growing(MessageType, MessageType.OTHER))
    provider_type: Mapped[str | None] = mapped_column(String(64))  # the provider's own word for it
    processing_status: Mapped[ProcessingStatus] = mapped_column(
        state_column(ProcessingStatus), default=ProcessingStatus.COMPLETED
    )
    text: Mapped[str] = mapped_column(Text, default="")
    content: Mapped[str] = mapped_column(Text, default="")
    reply_to_external_id: Mapped[str | None] = mapped_column(String(512))
    payload: Mapped[str | None] = mapped_column(Text)  # of a button that was tapped
    referral: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))  # the ad or link it came from
    # How it reached us where no event of ours brought it: standby (another app held the conversation), reconciliation
    # (read back at the provider), private_reply (the answer to a comment).
    origin: Mapped[str | None] = mapped_column(String(16))
    edited_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    edit_number: Mapped[int | None]  # of the newest edit, as the provider counts them
    earlier_texts: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))  # before its edits, oldest first
    copy_id: Mapped[int | None] = mapped_column(ForeignKey("media_file.id"))  # the picture of the ad it came from
    sent_at: Mapped[datetime] = mapped_column(UtcDateTime)  # the provider's time
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)  # ours
    deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    seq: Mapped[int] = mapped_column(default=0)  # the conversation's `seq` when this last changed

    # Of the customer: the turn it belongs to, and the reply that answered it.
    turn_id: Mapped[int | None] = mapped_column(ForeignKey("turn.id"))
    answered_by_id: Mapped[int | None] = mapped_column(ForeignKey("message.id"))
    # Of ours: the turn it answers, who wrote it, and the browser's id that makes a double click one reply.
    answers_turn_id: Mapped[int | None] = mapped_column(ForeignKey("turn.id"))
    operator_id: Mapped[int | None] = mapped_column(ForeignKey("operator.id"))
    asks_which: Mapped[bool] = mapped_column(default=False, server_default=db.false())  # which product is meant
    client_id: Mapped[str | None] = mapped_column(String(64))
    machine_line: Mapped[str | None] = mapped_column(Text)  # the line in front of `text` that says a machine answers
    epoch: Mapped[int | None]  # the conversation's epoch in which the reply was recorded

    conversation: Mapped[Conversation] = relationship()
    turn: Mapped[Optional["Turn"]] = relationship(foreign_keys=[turn_id])
    copy: Mapped[Optional["MediaFile"]] = relationship()
    share: Mapped[Optional["Share"]] = relationship(
        back_populates="message", foreign_keys="Share.message_id", uselist=False
    )
    attachments: Mapped[list["Attachment"]] = relationship(order_by="Attachment.position")
    deliveries: Mapped[list["Delivery"]] = relationship(order_by="Delivery.position", back_populates="message")
    proof: Mapped[Optional["Proof"]] = relationship(back_populates="message", uselist=False)

    @property
    def words(self) -> str:
        """The text without the line that says a machine answers: that one is the shop's, and the same everywhere."""
        return self.text.removeprefix(self.machine_line).lstrip() if self.machine_line else self.text


class Attachment(db.Model):
    """A file of a message, where the provider keeps it, and our copy."""

    __tablename__ = "attachment"
    __table_args__ = (UniqueConstraint("message_id", "position"), Index("ix_attachment_copy_id", "copy_id"))

    id: Mapped[Id]
    message_id: Mapped[int] = mapped_column(ForeignKey("message.id"))
    position: Mapped[int]
    kind: Mapped[str] = mapped_column(String(32))  # image, video, voice, file, or the provider's own word
    url: Mapped[str | None] = mapped_column(Text)
    title: Mapped[str | None] = mapped_column(Text)
    media_id: Mapped[str | None] = mapped_column(String(128))
    copy_id: Mapped[int | None] = mapped_column(ForeignKey("media_file.id"))

    copy: Mapped[Optional["MediaFile"]] = relationship()
    reading: Mapped[Optional["Reading"]] = relationship(uselist=False)
