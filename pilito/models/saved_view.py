"""A list of conversations that somebody wants to find again: a name for what stands in the address."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from pilito.extensions import db
from pilito.models.types import Id, UtcDateTime


class SavedView(db.Model):
    __tablename__ = "saved_view"
    __table_args__ = (Index("ix_saved_view_operator_id", "operator_id"),)

    id: Mapped[Id]
    operator_id: Mapped[int | None] = mapped_column(ForeignKey("operator.id"))  # None: everybody's
    name: Mapped[str] = mapped_column(String(60))
    query: Mapped[str] = mapped_column(String(500))  # zone=needs_you&label=3
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
