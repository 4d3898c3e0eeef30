"""A comment under one of the account's posts, and the one private reply it may get."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from pilito.extensions import db
from pilito.lifecycle import COMMENT_MOVES, CommentState, check_move
from pilito.models.inbox import Inbox
from pilito.models.operator import Operator
from pilito.models.own_post import OwnPost
from pilito.models.types import Id, UtcDateTime, state_column


class Comment(db.Model):
    __tablename__ = "comment"
    __table_args__ = (
        UniqueConstraint("inbox_id", "external_id"),
        Index("ix_comment_commented_at", "commented_at", "id"),
        Index("ix_comment_conversation_id", "conversation_id"),
        Index("ix_comment_replied_at", "inbox_id", "replied_at"),
        Index(
            "ix_comment_missed",
            "operator_id",
            sqlite_where=db.text("missed_at IS NOT NULL"),
            postgresql_where=db.text("missed_at IS NOT NULL"),
        ),
        Index(
            "ix_comment_unfinished",
            "due_at",
            sqlite_where=db.text("state IN ('queued', 'sending')"),
            postgresql_where=db.text("state IN ('queued', 'sending')"),
        ),
    )

    id: Mapped[Id]
    inbox_id: Mapped[int] = mapped_column(ForeignKey("inbox.id"))
    external_id: Mapped[str] = mapped_column(String(128))
    parent_external_id: Mapped[str | None] = mapped_column(String(128))  # the comment it answers
    author_external_id: Mapped[str | None] = mapped_column(String(128))
    author_username: Mapped[str | None] = mapped_column(String(128))
    text: Mapped[str] = mapped_column(Text, default="")  # empty where it was a picture
    media_external_id: Mapped[str | None] = mapped_column(String(128))
    media_kind: Mapped[str | None] = mapped_column(String(32))  # the provider's word: FEED, REELS, AD, …
    own_post_id: Mapped[int | None] = mapped_column(ForeignKey("own_post.id"))
    is_live: Mapped[bool] = mapped_column(default=False)  # during a live video
    commented_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[CommentState] = mapped_column(state_column(CommentState), default=CommentState.OPEN)

    # The private reply.
    reply_text: Mapped[str | None] = mapped_column(Text)
    operator_id: Mapped[int | None] = mapped_column(ForeignKey("operator.id"))  # None: sent by itself
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    attempt: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    replied_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # Since when the bell tells its writer that it was not sent, or that nobody knows; None once they have seen that, or
    # it was settled. What became of it is `state`.
    missed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reply_external_id: Mapped[str | None] = mapped_column(String(512))
    error: Mapped[str | None] = mapped_column(String(64))  # a slug that the panel puts into a sentence
    error_text: Mapped[str | None] = mapped_column(Text)
    conversation_id: Mapped[int | None] = mapped_column(ForeignKey("conversation.id"))  # that opened with it

    inbox: Mapped[Inbox] = relationship()
    own_post: Mapped[OwnPost | None] = relationship()
    operator: Mapped[Operator | None] = relationship()

    @validates("state")
    def _check_state(self, _key: str, new: CommentState) -> CommentState:
        return check_move(COMMENT_MOVES, self.state, CommentState(new))
