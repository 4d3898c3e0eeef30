"""What asking the model has cost, a row for each turn: also for a hand-over, and for a draft that was dropped."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from pilito.extensions import db
from pilito.models.types import Id, UtcDateTime


class ModelUse(db.Model):
    __tablename__ = "model_use"
    __table_args__ = (Index("ix_model_use_at", "at"), Index("ix_model_use_customer_id_at", "customer_id", "at"))

    id: Mapped[Id]
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    # The cost is the shop's: it stays when the customer is erased, and then is nobody's.
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id"))
    inbox_id: Mapped[int | None] = mapped_column(ForeignKey("inbox.id"))  # None: a trial, or from before it was kept
    model: Mapped[str] = mapped_column(String(128))
    tokens: Mapped[int]  # asked and answered
    cost_micros: Mapped[int | None] = mapped_column(BigInteger)  # millionths of a dollar; None: price not known
