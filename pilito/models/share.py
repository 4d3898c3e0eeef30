"""The post, reel or story that a message points to, and its wait for a question."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from pilito.extensions import db
from pilito.lifecycle import SHARE_MOVES, ShareState, check_move
from pilito.models.media_file import MediaFile
from pilito.models.message import Message
from pilito.models.own_post import OwnPost
from pilito.models.types import Id, UtcDateTime, state_column


class Share(db.Model):
    __tablename__ = "share"
    __table_args__ = (
        Index(
            "uq_share_waiting",
            "conversation_id",
            unique=True,
            sqlite_where=db.text("state = 'waiting'"),
            postgresql_where=db.text("state = 'waiting'"),
        ),
        Index(
            "ix_share_expires_at",
            "expires_at",
            sqlite_where=db.text("state = 'waiting'"),
            postgresql_where=db.text("state = 'waiting'"),
        ),
        Index("ix_share_conversation_sent_at", "conversation_id", "sent_at"),
        Index("ix_share_state", "state"),
        Index("ix_share_own_post_id", "own_post_id", "sent_at"),
        Index("ix_share_combined_with_id", "combined_with_id"),
        Index("ix_share_copy_id", "copy_id"),
        Index("ix_share_answers_id", "answers_id"),  # an erased message is looked for there
        Index(
            "ix_share_unrecognised",
            "sent_at",
            sqlite_where=db.text("own_post_id IS NULL"),
            postgresql_where=db.text("own_post_id IS NULL"),
        ),
    )

    id: Mapped[Id]
    message_id: Mapped[int] = mapped_column(ForeignKey("message.id"), unique=True)
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversation.id"))
    kind: Mapped[str] = mapped_column(String(32))  # share, ig_post, ig_reel, reel, link
    media_id: Mapped[str | None] = mapped_column(String(128))
    title: Mapped[str | None] = mapped_column(Text)
    subtitle: Mapped[str | None] = mapped_column(Text)
    caption: Mapped[str | None] = mapped_column(Text)
    url: Mapped[str | None] = mapped_column(Text)
    permalink: Mapped[str | None] = mapped_column(Text)
    state: Mapped[ShareState] = mapped_column(state_column(ShareState))
    sent_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # The question's message; the share's own message where post and question came as one.
    combined_with_id: Mapped[int | None] = mapped_column(ForeignKey("message.id"))
    # The reply that asked "which one?", where this share is the answer; then it is its own question, as above.
    answers_id: Mapped[int | None] = mapped_column(ForeignKey("message.id"))
    # Whether Redis still knew the waiting share when its question came (the hit rate of the cache).
    found_in_cache: Mapped[bool | None]
    copy_id: Mapped[int | None] = mapped_column(ForeignKey("media_file.id"))  # its picture or film

    copy: Mapped[MediaFile | None] = relationship()
    # The account's own post, where this is one. The columns above stay what the payload said.
    own_post_id: Mapped[int | None] = mapped_column(ForeignKey("own_post.id"))

    message: Mapped[Message] = relationship(back_populates="share", foreign_keys=[message_id])
    own_post: Mapped[OwnPost | None] = relationship()

    @validates("state")
    def _check_state(self, _key: str, new: ShareState) -> ShareState:
        return check_move(SHARE_MOVES, self.state, ShareState(new))

    @property
    def full_caption(self) -> str | None:
        """The caption of the post itself where it is the account's own, else what the payload said."""
        return (self.own_post.caption if self.own_post else None) or self.caption

    @property
    def full_permalink(self) -> str | None:
        return self.permalink or (self.own_post.permalink if self.own_post else None)
