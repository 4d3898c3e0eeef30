"""What an inbox tells its assistant: who it is, how it speaks, when a person is wanted, what it may promise."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from pilito.extensions import db
from pilito.models.operator import Operator
from pilito.models.types import Id, UtcDateTime


class Instructions(db.Model):
    """One version; the newest counts. None is ever changed: a reply's proof names the one it was made with."""

    __tablename__ = "instructions"
    __table_args__ = (UniqueConstraint("inbox_id", "version"),)

    id: Mapped[Id]
    inbox_id: Mapped[int] = mapped_column(ForeignKey("inbox.id"))
    version: Mapped[int]
    role: Mapped[str] = mapped_column(Text, default="")
    languages: Mapped[str] = mapped_column(String(32), default="")  # fa,en,ar; empty: the customer's own
    tone: Mapped[str] = mapped_column(String(16), default="")
    length: Mapped[str] = mapped_column(String(16), default="")
    greeting: Mapped[str] = mapped_column(Text, default="")
    hand_over: Mapped[str] = mapped_column(Text, default="")  # a rule on each line
    promises: Mapped[str] = mapped_column(Text, default="")  # a sentence on each line
    own_words: Mapped[str] = mapped_column(Text, default="")
    restored_version: Mapped[int | None]  # the older one that this is a copy of
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    operator_id: Mapped[int | None] = mapped_column(ForeignKey("operator.id"))

    operator: Mapped[Operator | None] = relationship()
