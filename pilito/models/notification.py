"""What somebody of the shop has to be told, and whether they were."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from pilito.extensions import db
from pilito.lifecycle import NotificationKind
from pilito.models.conversation import Conversation
from pilito.models.note import Note
from pilito.models.operator import Operator
from pilito.models.types import Id, UtcDateTime, state_column


class Notification(db.Model):
    __tablename__ = "notification"
    __table_args__ = (
        Index("ix_notification_operator_id", "operator_id", "id"),
        Index(
            "ix_notification_unread",
            "operator_id",
            sqlite_where=db.text("read_at IS NULL"),
            postgresql_where=db.text("read_at IS NULL"),
        ),
        Index("ix_notification_conversation_id", "conversation_id"),
        Index("ix_notification_note_id", "note_id"),
    )

    id: Mapped[Id]
    operator_id: Mapped[int] = mapped_column(ForeignKey("operator.id"))  # whom it is for
    kind: Mapped[NotificationKind] = mapped_column(state_column(NotificationKind))
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversation.id"))
    note_id: Mapped[int | None] = mapped_column(ForeignKey("note.id"))
    by_id: Mapped[int | None] = mapped_column(ForeignKey("operator.id"))  # who caused it; None: the clock
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    read_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    mailed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    conversation: Mapped[Conversation] = relationship()
    note: Mapped[Note | None] = relationship()
    by: Mapped[Operator | None] = relationship(foreign_keys=[by_id])
