"""Words that people of the shop put on conversations, to find them by."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from pilito.extensions import db
from pilito.lifecycle import LabelColour
from pilito.models.types import Id, UtcDateTime, state_column


class Label(db.Model):
    __tablename__ = "label"

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(String(60), unique=True)
    colour: Mapped[LabelColour] = mapped_column(state_column(LabelColour))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ConversationLabel(db.Model):
    """A label on a conversation."""

    __tablename__ = "conversation_label"
    __table_args__ = (
        UniqueConstraint("conversation_id", "label_id"),
        Index("ix_conversation_label_label_id", "label_id", "conversation_id"),
    )

    id: Mapped[Id]
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversation.id"))
    label_id: Mapped[int] = mapped_column(ForeignKey("label.id"))
    operator_id: Mapped[int | None] = mapped_column(ForeignKey("operator.id"))  # who put it there
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    label: Mapped[Label] = relationship()
