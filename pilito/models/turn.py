"""The customer's messages not yet answered, and the one attempt at a time to answer them."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, validates

from pilito.extensions import db
from pilito.lifecycle import TURN_MOVES, TurnState, check_move
from pilito.models.types import Id, UtcDateTime, state_column


class Turn(db.Model):
    """`version` counts what came into the turn: a draft built on an older one is dropped.
    `attempt` fences: only the newest attempt may record its reply."""

    __tablename__ = "turn"
    __table_args__ = (
        Index(
            "uq_turn_unfinished",
            "conversation_id",
            unique=True,
            sqlite_where=db.text("state IN ('open', 'generating')"),
            postgresql_where=db.text("state IN ('open', 'generating')"),
        ),
        Index("ix_turn_ended_at", "ended_at"),
        Index("ix_turn_conversation_id", "conversation_id"),  # erasing finds them by it
        Index(
            "ix_turn_due_at",
            "due_at",
            sqlite_where=db.text("state IN ('open', 'generating')"),
            postgresql_where=db.text("state IN ('open', 'generating')"),
        ),
    )

    id: Mapped[Id]
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversation.id"))
    state: Mapped[TurnState] = mapped_column(state_column(TurnState), default=TurnState.OPEN)
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=0)
    attempt: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # A person asked for a draft: whatever the mode is by then, nothing of this turn leaves by itself.
    only_draft: Mapped[bool] = mapped_column(default=False, server_default=db.false())
    ended_why: Mapped[str | None] = mapped_column(String(64))

    @validates("state")
    def _check_state(self, _key: str, new: TurnState) -> TurnState:
        return check_move(TURN_MOVES, self.state, TurnState(new))
