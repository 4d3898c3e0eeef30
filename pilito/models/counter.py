"""Counts of rows that will not change any more, so that a scrape need only count the newest (decision 0033)."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from pilito.extensions import db
from pilito.models.types import Id, UtcDateTime


class Counter(db.Model):
    """The sums of one source over all its rows up to `until_id`; what was erased since stays in them.

    `seen_id` was the newest row at `seen_at`: up to it the sums go on once all who were writing then are done, for an
    id is given out before its row is committed.
    """

    __tablename__ = "counter"

    id: Mapped[Id]
    source: Mapped[str] = mapped_column(String(32), unique=True)
    until_id: Mapped[int] = mapped_column(BigInteger, default=0)
    seen_id: Mapped[int] = mapped_column(BigInteger, default=0)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    numbers: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
