"""The one switch that stops the assistant everywhere: while a row has no end, it writes and sends nothing."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from pilito.extensions import db
from pilito.models.types import Id, UtcDateTime


class AssistantStop(db.Model):
    __tablename__ = "assistant_stop"
    __table_args__ = (
        Index(
            "ix_assistant_stop_open",
            "stopped_at",
            sqlite_where=db.text("lifted_at IS NULL"),
            postgresql_where=db.text("lifted_at IS NULL"),
        ),
    )

    id: Mapped[Id]
    stopped_at: Mapped[datetime] = mapped_column(UtcDateTime)
    stopped_by_id: Mapped[int | None] = mapped_column(ForeignKey("operator.id"))
    lifted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    lifted_by_id: Mapped[int | None] = mapped_column(ForeignKey("operator.id"))
