"""A backup that was made, or is being made."""

from datetime import datetime

from sqlalchemy import BigInteger, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from pilito.extensions import db
from pilito.models.types import Id, UtcDateTime


class Backup(db.Model):
    """The name is the claim: two makers in the same second are one backup. The file may lie on another machine."""

    __tablename__ = "backup"
    __table_args__ = (Index("ix_backup_began_at", "began_at"),)

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(String(64), unique=True)
    began_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # None: under way, or its maker was killed
    size_bytes: Mapped[int | None] = mapped_column(BigInteger)
    media_count: Mapped[int | None]
    is_encrypted: Mapped[bool]
    error: Mapped[str | None] = mapped_column(Text)  # a sentence; None where it succeeded
