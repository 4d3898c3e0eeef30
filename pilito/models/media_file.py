"""Our own copy of a file that a provider keeps for a while: where it came from, where it is, or why there is none."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, validates

from pilito.extensions import db
from pilito.lifecycle import MEDIA_MOVES, MediaKind, MediaState, check_move
from pilito.models.types import Id, UtcDateTime, state_column


class MediaFile(db.Model):
    """Several rows of an inbox may share one object of the store: who has the same bytes takes the same `key`."""

    __tablename__ = "media_file"
    __table_args__ = (
        Index(
            "ix_media_file_due_at",
            "due_at",
            sqlite_where=db.text("state IN ('pending', 'dropped')"),
            postgresql_where=db.text("state IN ('pending', 'dropped')"),
        ),
        Index("ix_media_file_sha256", "inbox_id", "sha256"),
    )

    id: Mapped[Id]
    inbox_id: Mapped[int] = mapped_column(ForeignKey("inbox.id"))
    kind: Mapped[MediaKind] = mapped_column(state_column(MediaKind))
    source_url: Mapped[str] = mapped_column(Text)
    state: Mapped[MediaState] = mapped_column(state_column(MediaState), default=MediaState.PENDING)
    key: Mapped[str | None] = mapped_column(String(128))  # the object's name in the store, set before it is written
    mime_type: Mapped[str | None] = mapped_column(String(64))  # by the bytes, never by what a server said
    size_bytes: Mapped[int | None]
    sha256: Mapped[str | None] = mapped_column(String(64))
    width: Mapped[int | None]
    height: Mapped[int | None]
    error: Mapped[str | None] = mapped_column(String(64))  # a slug that the panel puts into a sentence
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    @validates("state")
    def _check_state(self, _key: str, new: MediaState) -> MediaState:
        return check_move(MEDIA_MOVES, self.state, MediaState(new))
