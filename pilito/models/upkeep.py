"""How far one inbox has been read at its provider: what no event brought, and the account's own posts."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from pilito.extensions import db
from pilito.models.types import Id, UtcDateTime


class Upkeep(db.Model):
    """The lease keeps two readers of one account apart: the provider's limit on reading is small."""

    __tablename__ = "upkeep"

    id: Mapped[Id]
    inbox_id: Mapped[int] = mapped_column(ForeignKey("inbox.id"), unique=True)
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    not_before: Mapped[datetime | None] = mapped_column(UtcDateTime)  # after an error, or a limit
    read_until: Mapped[datetime | None] = mapped_column(UtcDateTime)  # every conversation changed before it was read
    reading_since: Mapped[datetime | None] = mapped_column(UtcDateTime)  # when the reading under way began
    reading_floor: Mapped[datetime | None] = mapped_column(UtcDateTime)  # from when on it reads messages
    read_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # when the last reading came to its end
    posts_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # the newest own posts
    comments_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # the comments under recent posts
    all_posts_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # when the last whole reading of all began
    all_posts_since: Mapped[datetime | None] = mapped_column(UtcDateTime)  # when the one under way began
    all_posts_after: Mapped[str | None] = mapped_column(Text)  # the page that it read last, as the provider calls it
    error: Mapped[str | None] = mapped_column(String(64))  # a slug; None after a success
