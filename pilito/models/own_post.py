"""The posts and reels of the account itself: what a share of one of them shows in full."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from pilito.extensions import db
from pilito.models.media_file import MediaFile
from pilito.models.types import Id, UtcDateTime


class OwnPost(db.Model):
    __tablename__ = "own_post"
    __table_args__ = (
        UniqueConstraint("inbox_id", "media_id"),
        Index("ix_own_post_shortcode", "inbox_id", "shortcode"),
        Index("ix_own_post_caption_start", "inbox_id", "caption_start"),
        Index("ix_own_post_copy_id", "copy_id"),
    )

    id: Mapped[Id]
    inbox_id: Mapped[int] = mapped_column(ForeignKey("inbox.id"))
    media_id: Mapped[str] = mapped_column(String(128))  # the provider's id
    caption: Mapped[str | None] = mapped_column(Text)
    caption_start: Mapped[str | None] = mapped_column(String(64))  # normalised, for recognising it
    permalink: Mapped[str | None] = mapped_column(Text)
    shortcode: Mapped[str | None] = mapped_column(String(64))  # what names the post in its permalink
    media_type: Mapped[str | None] = mapped_column(String(32))  # the provider's words, as they are
    media_product_type: Mapped[str | None] = mapped_column(String(32))
    picture_url: Mapped[str | None] = mapped_column(Text)  # signed, dies within days; renewed by each sync
    copy_id: Mapped[int | None] = mapped_column(ForeignKey("media_file.id"))  # its picture
    posted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # The inbox's facts_version with which its products were looked for; None: not yet, or its caption is another now.
    matched_version: Mapped[int | None]
    synced_at: Mapped[datetime] = mapped_column(UtcDateTime)
    gone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # when a reading of all posts did not find it

    copy: Mapped[MediaFile | None] = relationship()
