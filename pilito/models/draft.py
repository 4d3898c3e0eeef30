"""A reply that the assistant wrote and a person sends, mends or throws away."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from pilito.extensions import db
from pilito.lifecycle import DRAFT_MOVES, DraftState, check_move
from pilito.models.conversation import Conversation
from pilito.models.types import Id, UtcDateTime, state_column


class Draft(db.Model):
    __tablename__ = "draft"
    __table_args__ = (
        Index(
            "uq_draft_waiting",
            "conversation_id",
            unique=True,
            sqlite_where=db.text("state = 'waiting'"),
            postgresql_where=db.text("state = 'waiting'"),
        ),
        Index("ix_draft_conversation_id", "conversation_id", "id"),
        Index("ix_draft_turn_id", "turn_id"),
        Index("ix_draft_ended_at", "ended_at"),
        Index("ix_draft_message_id", "message_id"),
    )

    id: Mapped[Id]
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversation.id"))
    turn_id: Mapped[int] = mapped_column(ForeignKey("turn.id"))
    message_ids: Mapped[list[int]] = mapped_column(JSON, default=list)  # of the customer: what it answers
    text: Mapped[str] = mapped_column(Text)
    finding: Mapped[str] = mapped_column(Text, default="")  # of the checks that held it back; empty where none did
    working: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)  # becomes the proof of the reply
    state: Mapped[DraftState] = mapped_column(state_column(DraftState), default=DraftState.WAITING)
    stale_why: Mapped[str | None] = mapped_column(String(32))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    operator_id: Mapped[int | None] = mapped_column(ForeignKey("operator.id"))  # who decided
    message_id: Mapped[int | None] = mapped_column(ForeignKey("message.id"))  # the reply that it became

    conversation: Mapped[Conversation] = relationship()

    @validates("state")
    def _check_state(self, _key: str, new: DraftState) -> DraftState:
        return check_move(DRAFT_MOVES, self.state, DraftState(new))
