"""Whose work is done next: accounts take turns, and of one account the oldest comes first.

A job only says that there is something to do; what it does is chosen here, from the rows, so that an account for which
thousands came holds nobody else up (docs/decisions/0054).
"""

import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, Row, Select, bindparam, literal_column, or_, select

from pilito import hints, keys
from pilito.lifecycle import TurnState
from pilito.models import Conversation, Turn, Webhook, db
from pilito.models.ledger import IS_PENDING

# So long does one job read, for a stop waits for it; then it asks for others, which begin behind those that wait.
READ_SECONDS = 2.0
GO_ON = 2  # more than went before, as long as there are workers without work
# Somebody of another process was quicker with what was chosen: so often another is looked for.
TRIES = 3
# How far from the oldest of an account a process looks that was second to another: the nearer, the sooner they meet.
FURTHEST = 8

IN_HAND: BindParameter[int] = bindparam("in_hand", expanding=True)
# What the sweep asked for is the sweep's. On PostgreSQL one that another process is storing is passed over. SQLite has
# no such locks: two processes choose the same one, and the second has waited for its turn to write in vain. Then it
# leaves out a few of each account, one less each time: so none waits for long, and no account for another.
UNREAD = (
    select(Webhook.id, Webhook.account.label("whose"), Webhook.received_at)
    .where(IS_PENDING, Webhook.lease_until.is_(None), Webhook.id.not_in(IN_HAND))
    .order_by(Webhook.account, Webhook.id)
    .limit(1)
    .with_for_update(skip_locked=True)
)
UNREAD_AFTER = UNREAD.where(Webhook.account > bindparam("whose"))
UNREAD_FURTHER = UNREAD.where(Webhook.account == bindparam("whose")).offset(bindparam("left_out"))
# The states are written out: so the index of the unfinished is taken, of which there are few. The inbox is asked for of
# each: joined, a database that has counted its tables may begin with all conversations, and search each for a turn.
INBOX_ID = select(Conversation.inbox_id).where(Conversation.id == Turn.conversation_id).scalar_subquery()
DUE = (
    select(Turn.id, INBOX_ID.label("whose"))
    .where(
        literal_column("turn.state IN ('open', 'generating')"),
        Turn.due_at <= bindparam("now"),
        or_(Turn.state == TurnState.OPEN, Turn.lease_until.is_(None), Turn.lease_until <= bindparam("now")),
        Turn.id.not_in(IN_HAND),
    )
    .order_by(literal_column("whose"), Turn.due_at, Turn.id)
    .limit(1)
)
DUE_AFTER = DUE.where(bindparam("whose") < INBOX_ID)

Asked = Select[*tuple[Any, ...]]
Found = Row[*tuple[Any, ...]]  # an id, whose it is, and what else was asked for


class Round:
    """Goes round the accounts for which there is something to do, again and again; for all threads of a process."""

    def __init__(self, first: Asked, after: Asked, before_all: str | int, further: Asked | None = None) -> None:
        self._first, self._after, self._further = first, after, further
        self._whose = before_all
        self._choosing = threading.Lock()
        self._in_hand: set[int] = set()
        self._left_out = 0

    def next(self, **values: Any) -> Found | None:
        """The oldest of the next account, of what no thread has in hand; None when none is left."""
        asked = {**values, "in_hand": list(self._in_hand)}
        found = self._find(self._after, {**asked, "whose": self._whose}) or self._find(self._first, asked)
        if found is not None:
            self._whose = found.whose
            found = self._find_further(asked) or found
        db.session.rollback()
        return found

    def _find_further(self, asked: dict[str, Any]) -> Found | None:
        """Of the same account; None when there is nobody to keep away from, or no more of it."""
        if self._further is None or not self._left_out:
            return None
        left_out = self._left_out
        self._left_out -= 1
        return self._find(self._further, {**asked, "whose": self._whose, "left_out": left_out})

    def _find(self, question: Asked, asked: dict[str, Any]) -> Found | None:
        return db.session.execute(question, asked).one_or_none()

    def keep_away(self) -> None:
        """Another process was quicker with what was chosen: leave out a few, fewer each time."""
        self._left_out = random.randint(1, FURTHEST)  # noqa: S311 -- where to look, and no secret

    @contextmanager
    def take(self, **values: Any) -> Iterator[int | None]:
        """The same; no other thread gets it meanwhile."""
        with self._choosing:
            found = self.next(**values)
            taken = {found.id} if found else set()
            self._in_hand.update(taken)
        try:
            yield found.id if found else None
        finally:
            self._in_hand.difference_update(taken)


_reading, _sweeping = Round(UNREAD, UNREAD_AFTER, "", UNREAD_FURTHER), Round(UNREAD, UNREAD_AFTER, "")
_answering = Round(DUE, DUE_AFTER, 0)


def read_unread(read: Callable[[int], bool], seconds: float = READ_SECONDS) -> None:
    """Have `read` read one webhook after the other until none is left; after so long, others are asked to go on. It
    says whether it could have it."""
    ends_at = time.monotonic() + seconds
    while time.monotonic() < ends_at:
        with _reading.take() as webhook_id:
            if webhook_id is None:
                return
            if not read(webhook_id):
                _reading.keep_away()
    for _ in range(GO_ON):
        hints.hint_unless_asked(keys.RECEIVE, keys.RECEIVE_JOB)


def answer_due(answer: Callable[[int], bool], now: datetime) -> None:
    """Have `answer` answer one turn that is due; it says whether it could have it."""
    for _ in range(TRIES):
        with _answering.take(now=now) as turn_id:
            if turn_id is None or answer(turn_id):
                return


def oldest_of_each(limit: int) -> Sequence[Found]:
    """The oldest unread webhook of each account, of so many accounts at most; the next call begins with the others."""
    found: dict[int, Found] = {}
    while len(found) < limit and (one := _sweeping.next()) is not None and one.id not in found:
        found[one.id] = one
    return list(found.values())
