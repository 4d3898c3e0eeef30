"""A text of a fact as a vector. By the text and not by the fact: what is read again unchanged is not paid for again."""

from datetime import datetime

from sqlalchemy import LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from pilito.extensions import db
from pilito.models.types import Id, UtcDateTime


class Embedding(db.Model):
    __tablename__ = "embedding"
    __table_args__ = (UniqueConstraint("digest", "model"),)

    id: Mapped[Id]
    digest: Mapped[str] = mapped_column(String(64))  # SHA-256 of the text
    model: Mapped[str] = mapped_column(String(191))
    vector: Mapped[bytes] = mapped_column(LargeBinary)  # 32-bit floats; empty: the model refused the text
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
