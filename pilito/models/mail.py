"""Mail to people of the shop, until it is sent."""

from datetime import datetime

from sqlalchemy import Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from pilito.extensions import db
from pilito.models.types import Id, UtcDateTime


class Mail(db.Model):
    __tablename__ = "mail"
    __table_args__ = (
        Index(
            "ix_mail_due_at",
            "due_at",
            sqlite_where=db.text("content_encrypted IS NOT NULL"),
            postgresql_where=db.text("content_encrypted IS NOT NULL"),
        ),
        Index("ix_mail_recipient", "recipient"),
    )

    id: Mapped[Id]
    recipient: Mapped[str] = mapped_column(String(254))
    # Subject and text, encrypted: a link in it opens a door. Empty once it is sent or given up.
    content_encrypted: Mapped[bytes | None] = mapped_column(LargeBinary)
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    error: Mapped[str | None] = mapped_column(String(64))  # a slug, of the last try
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
