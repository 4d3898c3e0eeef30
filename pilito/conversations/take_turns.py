"""Which unread webhook is read next: accounts take turns, and of one account the oldest comes first.

A job only says that something is unread; what it reads is chosen here, by an index, so that an account for which
thousands came holds nobody else up (docs/decisions/0054).
"""

import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import Row, bindparam, select

from pilito import hints, keys
from pilito.models import Webhook, db
from pilito.models.ledger import IS_PENDING

# So long does one job read, for a stop waits for it; then it asks for others, which begin behind those that wait.
READ_SECONDS = 2.0
GO_ON = 2  # more than went before, as long as there are workers without work

# What the sweep asked for is the sweep's. On PostgreSQL one that another process is storing is passed over; SQLite has
# one writer, and no such locks.
FIRST = (
    select(Webhook.id, Webhook.account, Webhook.received_at)
    .where(
        IS_PENDING,
        Webhook.lease_until.is_(None),
        Webhook.id.not_in(bindparam("in_hand", expanding=True)),
    )
    .order_by(Webhook.account, Webhook.id)
    .limit(1)
    .with_for_update(skip_locked=True)
)
AFTER = FIRST.where(Webhook.account > bindparam("account"))

Unread = Row[int, str, datetime]


class Round:
    """Goes round the accounts that have something unread, again and again."""

    def __init__(self) -> None:
        self._account = ""

    def next(self, in_hand: Collection[int] = ()) -> Unread | None:
        """The oldest of the next account, of those that nobody has in hand; None when none is left."""
        known = {"in_hand": list(in_hand)}
        found = db.session.execute(AFTER, {"account": self._account, **known}).one_or_none()
        found = found or db.session.execute(FIRST, known).one_or_none()
        db.session.rollback()
        if found is not None:
            self._account = found.account
        return found


_choosing = threading.Lock()
_in_hand: set[int] = set()  # by the threads of this process
_reading, _sweeping = Round(), Round()


def read_unread(read: Callable[[int], None], seconds: float = READ_SECONDS) -> None:
    """Have `read` read one webhook after the other until none is left; after so long, others are asked to go on."""
    ends_at = time.monotonic() + seconds
    while time.monotonic() < ends_at:
        with _next_in_turn() as webhook_id:
            if webhook_id is None:
                return
            read(webhook_id)
    for _ in range(GO_ON):
        hints.hint_unless_asked(keys.RECEIVE, keys.RECEIVE_JOB)


@contextmanager
def _next_in_turn() -> Iterator[int | None]:
    """The webhook whose turn it is; no other thread of this process gets it meanwhile."""
    with _choosing:
        found = _reading.next(_in_hand)
        taken = {found.id} if found else set()
        _in_hand.update(taken)
    try:
        yield found.id if found else None
    finally:
        _in_hand.difference_update(taken)


def oldest_of_each(limit: int) -> Sequence[Unread]:
    """The oldest unread webhook of each account, of so many accounts at most; the next call begins with the others."""
    found: dict[int, Unread] = {}
    while len(found) < limit and (one := _sweeping.next()) is not None and one.id not in found:
        found[one.id] = one
    return list(found.values())
