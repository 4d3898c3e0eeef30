"""What a program made of a file of a message: the words of a voice note, or what is on a picture."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from pilito.extensions import db
from pilito.lifecycle import READING_MOVES, MediaKind, ReadingState, check_move
from pilito.models.message import Message
from pilito.models.types import Id, UtcDateTime, state_column


class Reading(db.Model):
    """One per file. `text` is a transcript or a description; neither is a fact of the shop."""

    __tablename__ = "reading"
    __table_args__ = (
        Index("ix_reading_message_id", "message_id"),
        Index(
            "ix_reading_due_at",
            "due_at",
            sqlite_where=db.text("state = 'pending'"),
            postgresql_where=db.text("state = 'pending'"),
        ),
    )

    id: Mapped[Id]
    attachment_id: Mapped[int] = mapped_column(ForeignKey("attachment.id"), unique=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("message.id"))
    kind: Mapped[MediaKind] = mapped_column(state_column(MediaKind))  # image or voice
    state: Mapped[ReadingState] = mapped_column(state_column(ReadingState), default=ReadingState.PENDING)
    text: Mapped[str | None] = mapped_column(Text)
    error: Mapped[str | None] = mapped_column(String(64))  # a slug that the panel puts into a sentence
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # What it cost: tokens or the length of the sound, as the server counts them.
    model: Mapped[str | None] = mapped_column(String(128))
    milliseconds: Mapped[int | None]
    input_tokens: Mapped[int | None]
    output_tokens: Mapped[int | None]
    sound_milliseconds: Mapped[int | None]

    message: Mapped[Message] = relationship()

    @validates("state")
    def _check_state(self, _key: str, new: ReadingState) -> ReadingState:
        return check_move(READING_MOVES, self.state, ReadingState(new))
