"""The attempt to send one part of a reply."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from pilito.extensions import db
from pilito.lifecycle import DELIVERY_MOVES, DeliveryState, check_move
from pilito.models.inbox import Inbox
from pilito.models.message import Message
from pilito.models.types import Id, UtcDateTime, state_column

# The errors of the parts of a reply that is void: before it left, the customer took back, or changed, what it answers,
# or a person the "which one?" that asked for that, or the facts that it rests on became others.
VOID = UNSENT, EDITED, UNASKED, OUTDATED = ("unsent", "edited", "unasked", "facts_changed")


class Delivery(db.Model):
    __tablename__ = "delivery"
    __table_args__ = (
        UniqueConstraint("message_id", "position"),
        UniqueConstraint("inbox_id", "external_id"),
        Index(
            "ix_delivery_unfinished",
            "conversation_id",
            "id",
            sqlite_where=db.text("state IN ('pending', 'sending', 'unknown')"),
            postgresql_where=db.text("state IN ('pending', 'sending', 'unknown')"),
        ),
        Index(
            "ix_delivery_due_at",
            "due_at",
            sqlite_where=db.text("state IN ('pending', 'sending')"),
            postgresql_where=db.text("state IN ('pending', 'sending')"),
        ),
        Index("ix_delivery_conversation_id", "conversation_id"),  # erasing finds them by it
        Index("ix_delivery_state", "state"),
    )

    id: Mapped[Id]
    message_id: Mapped[int] = mapped_column(ForeignKey("message.id"))
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversation.id"))
    inbox_id: Mapped[int] = mapped_column(ForeignKey("inbox.id"))
    position: Mapped[int]  # 0 for the first part
    text: Mapped[str] = mapped_column(Text)
    # What it carries beside its text (conversations/payload.py); None for a plain text.
    payload: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    tag: Mapped[str | None] = mapped_column(String(32))  # the channel's word for why it may be sent
    state: Mapped[DeliveryState] = mapped_column(state_column(DeliveryState), default=DeliveryState.PENDING)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)  # not before; later after a refusal that may pass
    attempt: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    external_id: Mapped[str | None] = mapped_column(String(512))
    # When its outcome became unknown, and how often the conversation was read at the provider without finding it.
    unknown_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    looks: Mapped[int] = mapped_column(default=0, server_default="0")
    looked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    error: Mapped[str | None] = mapped_column(String(64))  # a slug that the panel puts into a sentence
    error_code: Mapped[str | None] = mapped_column(String(64))
    error_text: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    message: Mapped[Message] = relationship(back_populates="deliveries")
    inbox: Mapped[Inbox] = relationship()

    @validates("state")
    def _check_state(self, _key: str, new: DeliveryState) -> DeliveryState:
        return check_move(DELIVERY_MOVES, self.state, DeliveryState(new))
