"""What came about a message by its id at the provider, and perhaps before it: reactions, and edits that wait for it."""

from datetime import datetime

from sqlalchemy import Boolean, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from pilito.extensions import db
from pilito.models.types import Id, UtcDateTime


class Reaction(db.Model):
    """One person's emoji on one message. A removed one stays as a row, so that an older event cannot bring it back."""

    __tablename__ = "reaction"
    __table_args__ = (
        UniqueConstraint("inbox_id", "external_id", "by_shop"),
        Index("ix_reaction_conversation_id", "conversation_id"),
    )

    id: Mapped[Id]
    inbox_id: Mapped[int] = mapped_column(ForeignKey("inbox.id"))
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversation.id"))
    external_id: Mapped[str] = mapped_column(String(512))  # of the message, or of the delivery of ours
    by_shop: Mapped[bool] = mapped_column(Boolean)
    emoji: Mapped[str] = mapped_column(String(32))
    name: Mapped[str | None] = mapped_column(String(32))  # the provider's word
    is_removed: Mapped[bool] = mapped_column(Boolean)
    at: Mapped[datetime] = mapped_column(UtcDateTime)  # the provider's time


class EarlyEdit(db.Model):
    """An edit of a message that has not come yet; it is gone when the message comes, or after a while."""

    __tablename__ = "early_edit"
    __table_args__ = (
        Index("ix_early_edit_inbox_id_external_id", "inbox_id", "external_id"),
        Index("ix_early_edit_created_at", "created_at"),
    )

    id: Mapped[Id]
    inbox_id: Mapped[int] = mapped_column(ForeignKey("inbox.id"))
    external_id: Mapped[str] = mapped_column(String(512))
    webhook_id: Mapped[int] = mapped_column(ForeignKey("webhook.id"))  # which told of it, and where in it
    position: Mapped[int]
    text: Mapped[str] = mapped_column(Text)
    question: Mapped[str] = mapped_column(Text)  # see channels.base.Edit
    number: Mapped[int | None]
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
