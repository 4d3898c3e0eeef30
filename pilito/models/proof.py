"""What a reply of the assistant rests on."""

from typing import Any

from sqlalchemy import JSON, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from pilito.extensions import db
from pilito.models.message import Message
from pilito.models.types import Id


class Proof(db.Model):
    __tablename__ = "proof"

    id: Mapped[Id]
    message_id: Mapped[int] = mapped_column(ForeignKey("message.id"), unique=True)
    model: Mapped[str] = mapped_column(String(128))
    prompt_hash: Mapped[str] = mapped_column(String(64))  # SHA-256 of the whole prompt
    facts: Mapped[list[Any]] = mapped_column(JSON, default=list)
    checks: Mapped[list[Any]] = mapped_column(JSON, default=list)
    input_tokens: Mapped[int | None]
    output_tokens: Mapped[int | None]
    milliseconds: Mapped[int]

    message: Mapped[Message] = relationship(back_populates="proof")
