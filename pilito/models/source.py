"""Where facts come from: what the shop typed, a file, a shop's feed, a web page; and how reading it again goes."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from pilito.extensions import db
from pilito.lifecycle import SOURCE_MOVES, SourceKind, SourceState, check_move
from pilito.models.types import Id, UtcDateTime, state_column

# Empty means all inboxes. It goes with its inbox all the same: emptied, one account's facts would become everybody's.
GOES_WITH = {"goes_with_target": True}


class Source(db.Model):
    """One that is read again has `due_at`; the lease keeps readers apart, and is checked when facts are replaced."""

    __tablename__ = "source"
    __table_args__ = (Index("ix_source_inbox_id", "inbox_id"), Index("ix_source_due_at", "due_at"))

    id: Mapped[Id]
    inbox_id: Mapped[int | None] = mapped_column(ForeignKey("inbox.id"), info=GOES_WITH)  # None: all inboxes
    kind: Mapped[SourceKind] = mapped_column(state_column(SourceKind))
    name: Mapped[str] = mapped_column(String(200))
    address: Mapped[str | None] = mapped_column(Text)
    secret_encrypted: Mapped[bytes | None] = mapped_column(LargeBinary)  # Fernet text: the keys of a feed
    currency: Mapped[str | None] = mapped_column(String(3))  # of prices that name none
    options: Mapped[dict[str, Any]] = mapped_column(
        JSON, default=dict
    )  # of its kind: a CSV's columns, a sitemap's limit
    state: Mapped[SourceState] = mapped_column(state_column(SourceState), default=SourceState.READY)
    error: Mapped[str | None] = mapped_column(String(64))  # a slug that the panel puts into a sentence
    error_detail: Mapped[str | None] = mapped_column(Text)
    failures: Mapped[int] = mapped_column(default=0)  # tries in a row that failed
    every_hours: Mapped[int | None]  # None: only when asked to
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    checked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # the last try
    read_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # the last that worked
    told_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # that it cannot be read, until it is read again
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)

    @validates("state")
    def _check_state(self, _key: str, new: SourceState) -> SourceState:
        return check_move(SOURCE_MOVES, self.state, SourceState(new))


class SourceFile(db.Model):
    """A document or a CSV as it was given. In the database: it is small, and goes with its source and its backups."""

    __tablename__ = "source_file"

    id: Mapped[Id]
    source_id: Mapped[int] = mapped_column(ForeignKey("source.id"), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    size_bytes: Mapped[int]
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class WebPage(db.Model):
    """One page of a source, with what tells that it has not changed since it was read."""

    __tablename__ = "web_page"
    __table_args__ = (UniqueConstraint("source_id", "digest"),)

    id: Mapped[Id]
    source_id: Mapped[int] = mapped_column(ForeignKey("source.id"))
    address: Mapped[str] = mapped_column(Text)
    digest: Mapped[str] = mapped_column(String(64))  # of the address: an index does not take a long one
    title: Mapped[str | None] = mapped_column(String(300))
    etag: Mapped[str | None] = mapped_column(String(300))
    last_modified: Mapped[str | None] = mapped_column(String(64))
    content_digest: Mapped[str | None] = mapped_column(String(64))
    error: Mapped[str | None] = mapped_column(String(64))
    checked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    source: Mapped[Source] = relationship()
