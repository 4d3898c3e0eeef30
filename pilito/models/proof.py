"""What a reply of the assistant rests on."""

from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, String
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
    # None in replies from before these were kept.
    facts_used: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))  # references, as the model named them
    rests_on: Mapped[list[Any] | None] = mapped_column(JSON(none_as_null=True))  # kind, claim, source, reference
    instructions_version: Mapped[int | None]  # of the inbox's instructions then; None: it had none
    cost_micros: Mapped[int | None] = mapped_column(BigInteger)  # millionths of a dollar; None: not known
    input_tokens: Mapped[int | None]
    output_tokens: Mapped[int | None]
    milliseconds: Mapped[int]

    message: Mapped[Message] = relationship(back_populates="proof")
