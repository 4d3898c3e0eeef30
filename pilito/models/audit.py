"""Who did what, when; also the activity lines of a thread."""

from datetime import datetime
from typing import Any

from flask import has_request_context, request
from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from pilito.extensions import db
from pilito.models.operator import Operator
from pilito.models.types import Id, UtcDateTime


def _address(context: Any) -> str | None:
    """Where a person of the shop sits who does something; of a customer nothing is kept here."""
    is_person = context.get_current_parameters().get("operator_id") is not None
    return (request.remote_addr or "")[:45] or None if is_person and has_request_context() else None


class Audit(db.Model):
    """Rows are added, never changed: what each said is sealed into a chain (pilito/audit.py)."""

    __tablename__ = "audit"
    __table_args__ = (
        Index("ix_audit_conversation_id", "conversation_id", "at"),
        Index("ix_audit_operator_id", "operator_id", "id"),
        Index("ix_audit_action", "action", "id"),
        Index("uq_audit_position", "position", unique=True),
        Index(
            "ix_audit_unsealed",
            "id",
            sqlite_where=db.text("position IS NULL"),
            postgresql_where=db.text("position IS NULL"),
        ),
    )

    id: Mapped[Id]
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    action: Mapped[str] = mapped_column(String(64))  # took_over, gave_back, handed_over, closed, logged_in, …
    operator_id: Mapped[int | None] = mapped_column(ForeignKey("operator.id"))
    conversation_id: Mapped[int | None] = mapped_column(ForeignKey("conversation.id"))
    details: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    address: Mapped[str | None] = mapped_column(String(45), default=_address)
    position: Mapped[int | None] = mapped_column(BigInteger)  # in the chain; None: not sealed yet

    operator: Mapped[Operator | None] = relationship()


class AuditSeal(db.Model):
    """One link of the chain. What may have to be forgotten one day is in it only as a salted digest, whose salt goes
    with the words: then they can neither be read nor guessed, and the chain still holds."""

    __tablename__ = "audit_seal"

    id: Mapped[Id]  # the row's position in the chain
    audit_id: Mapped[int] = mapped_column(ForeignKey("audit.id"), unique=True)
    conversation_id: Mapped[int | None] = mapped_column(BigInteger)  # no foreign key: it outlives an erasure
    details_salt: Mapped[str | None] = mapped_column(String(32))
    details_digest: Mapped[str] = mapped_column(String(64))
    address_salt: Mapped[str | None] = mapped_column(String(32))
    address_digest: Mapped[str] = mapped_column(String(64))
    seal: Mapped[str] = mapped_column(String(64))
    sealed_at: Mapped[datetime] = mapped_column(UtcDateTime)
