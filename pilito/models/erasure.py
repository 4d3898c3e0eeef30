"""What was erased, and what was asked to be: enough to keep it erased, not enough to know who it was."""

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, validates

from pilito.extensions import db
from pilito.lifecycle import DELETION_MOVES, DeletionState, check_move
from pilito.models.types import Id, UtcDateTime, state_column


class Erasure(db.Model):
    """A customer who was erased. An old event that is posted or replayed again does not bring them back."""

    __tablename__ = "erasure"
    __table_args__ = (UniqueConstraint("inbox_id", "customer_digest"),)

    id: Mapped[Id]
    inbox_id: Mapped[int] = mapped_column(ForeignKey("inbox.id"))
    customer_digest: Mapped[str] = mapped_column(String(64))  # SHA-256 of the provider's id
    erased_at: Mapped[datetime] = mapped_column(UtcDateTime)


class DataDeletion(db.Model):
    """An account's wish to have everything of it erased, which the provider passed on to us."""

    __tablename__ = "data_deletion"
    __table_args__ = (
        UniqueConstraint("channel", "user_digest", "issued_at"),
        Index(
            "ix_data_deletion_requested",
            "requested_at",
            sqlite_where=db.text("state = 'requested'"),
            postgresql_where=db.text("state = 'requested'"),
        ),
    )

    id: Mapped[Id]
    code: Mapped[str] = mapped_column(String(32), unique=True)  # the address of its public page
    channel: Mapped[str] = mapped_column(String(32))
    user_digest: Mapped[str] = mapped_column(String(64))  # SHA-256 of the provider's id for the person
    # No foreign key: the row outlives the inboxes, and says afterwards that they are gone.
    inbox_ids: Mapped[list[int]] = mapped_column(JSON, default=list)
    state: Mapped[DeletionState] = mapped_column(state_column(DeletionState), default=DeletionState.REQUESTED)
    issued_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # the provider's time
    requested_at: Mapped[datetime] = mapped_column(UtcDateTime)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    @validates("state")
    def _check_state(self, _key: str, new: DeletionState) -> DeletionState:
        return check_move(DELETION_MOVES, self.state, DeletionState(new))
