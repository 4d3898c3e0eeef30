"""What asking the model has cost in the last 24 hours.

Hours and not a calendar's day: no time zone is asked, and nothing begins anew for everybody at midnight.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select

from pilito.models import ModelUse, db

DAY = timedelta(hours=24)


@dataclass(frozen=True)
class Spent:
    tokens: int
    cost_micros: int
    answers: int = 0
    without_price: int = 0  # answers of models that have no price in the table

    @property
    def dollars(self) -> float:
        return self.cost_micros / 1_000_000


def spent(now: datetime, customer_id: int | None = None) -> Spent:
    """What all customers, or this one, have cost since 24 hours ago."""
    wanted = select(
        func.coalesce(func.sum(ModelUse.tokens), 0),
        func.coalesce(func.sum(ModelUse.cost_micros), 0),
        func.count(),
        func.count() - func.count(ModelUse.cost_micros),
    ).where(ModelUse.at > now - DAY)
    if customer_id is not None:
        wanted = wanted.where(ModelUse.customer_id == customer_id)
    return Spent(*(int(value) for value in db.session.execute(wanted).one()))
