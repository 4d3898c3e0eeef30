"""How this database knows a bucket as its own, beside others that may be copies of it (decision 0063)."""

from datetime import datetime

from sqlalchemy import JSON, String
from sqlalchemy.orm import Mapped, mapped_column

from pilito.extensions import db
from pilito.models.types import Id, UtcDateTime


class MediaMark(db.Model):
    """One row. None yet: the bucket was not looked at, or files lie in a folder, which belongs to its machine."""

    __tablename__ = "media_mark"

    id: Mapped[Id]
    marks: Mapped[list[str]] = mapped_column(JSON)  # the last ones that were put there, or were to be: the newest first
    held_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # since when nothing is dropped from the bucket
    held_why: Mapped[str | None] = mapped_column(String(16))  # a slug: restored, other_mark
