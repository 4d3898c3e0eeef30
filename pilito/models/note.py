"""What people of the shop tell each other beside a conversation; it never leaves the panel."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from pilito.extensions import db
from pilito.models.operator import Operator
from pilito.models.types import Id, UtcDateTime


class Note(db.Model):
    """`seq` is the conversation's at the newest change, as a message's is: browsers fetch what is newer."""

    __tablename__ = "note"
    __table_args__ = (
        Index("ix_note_conversation_id_created_at", "conversation_id", "created_at", "id"),
        Index("ix_note_conversation_id_seq", "conversation_id", "seq"),
        Index("uq_note_client_id", "conversation_id", "client_id", unique=True),
    )

    id: Mapped[Id]
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversation.id"))
    operator_id: Mapped[int | None] = mapped_column(ForeignKey("operator.id"))  # who wrote it
    text: Mapped[str] = mapped_column(Text)
    client_id: Mapped[str | None] = mapped_column(String(64))  # the browser's: a double click is one note
    seq: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    edited_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # its text is empty from then on

    operator: Mapped[Operator | None] = relationship()
    mentions: Mapped[list["Mention"]] = relationship(order_by="Mention.id")


class Mention(db.Model):
    """A note names somebody of the shop."""

    __tablename__ = "mention"
    __table_args__ = (UniqueConstraint("note_id", "operator_id"), Index("ix_mention_operator_id", "operator_id"))

    id: Mapped[Id]
    note_id: Mapped[int] = mapped_column(ForeignKey("note.id"))
    operator_id: Mapped[int] = mapped_column(ForeignKey("operator.id"))

    operator: Mapped[Operator] = relationship()
