"""Who did what, when; also the activity lines of a thread."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from pilito.extensions import db
from pilito.models.operator import Operator
from pilito.models.types import Id, UtcDateTime


class Audit(db.Model):
    __tablename__ = "audit"
    __table_args__ = (Index("ix_audit_conversation_id", "conversation_id", "at"),)

    id: Mapped[Id]
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    action: Mapped[str] = mapped_column(String(64))  # took_over, gave_back, handed_over, closed, logged_in, …
    operator_id: Mapped[int | None] = mapped_column(ForeignKey("operator.id"))
    conversation_id: Mapped[int | None] = mapped_column(ForeignKey("conversation.id"))
    details: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)

    operator: Mapped[Operator | None] = relationship()
