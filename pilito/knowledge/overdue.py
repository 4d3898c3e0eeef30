"""Whether a source could not be read for so long that people of the shop are told, and which these are."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select

from pilito.database import Transaction
from pilito.lifecycle import SourceState
from pilito.models import Source, db

# What fails once passes by itself, and so does an hour's trouble of a shop. After a day beyond its usual time it is the
# customers who hear what is not so any more.
FAILURES, PATIENCE = 2, timedelta(days=1)

# Who has people told of it; `is_back` says whether it was read again. People are no matter of this room.
Tell = Callable[[Transaction, Source, bool, datetime], object]


def is_overdue(source: Source) -> bool:
    """It goes by the last try and not by now, so that nothing has to look at the clock for it.

    How often it is to be read counts too, and somebody may change that at any time: whether people were told is in
    `told_at` and not to be seen here. What is read only when somebody asks is never overdue.
    """
    if source.state is not SourceState.FAILED or source.failures < FAILURES:
        return False
    if source.every_hours is None or source.checked_at is None:
        return False
    usual = timedelta(hours=source.every_hours)
    return source.checked_at - (source.read_at or source.created_at) >= usual + PATIENCE


def find_overdue() -> Sequence[Source]:
    """The one that has not been read for longest first."""
    failed = select(Source).where(Source.state == SourceState.FAILED, Source.every_hours.is_not(None))
    found = db.session.scalars(failed.order_by(Source.id))
    return sorted(filter(is_overdue, found), key=lambda one: one.read_at or one.created_at)
