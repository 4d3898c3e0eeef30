"""Replies that people write again and again, kept under a short word."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from pilito.extensions import db
from pilito.models.types import Id, UtcDateTime


class CannedReply(db.Model):
    __tablename__ = "canned_reply"
    __table_args__ = (Index("ix_canned_reply_inbox_id", "inbox_id"),)

    id: Mapped[Id]
    shortcut: Mapped[str] = mapped_column(String(60), unique=True)  # what is typed after the stroke: /size
    text: Mapped[str] = mapped_column(Text)  # with placeholders
    # None: for all. Without its inbox it would become everybody's, so it goes with it.
    inbox_id: Mapped[int | None] = mapped_column(ForeignKey("inbox.id"), info={"goes_with_target": True})
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("operator.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
