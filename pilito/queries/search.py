"""Where words stand: in messages, in shared posts, in the names of customers. The newest first, some at a time.

Every search looks at a bounded number of places, whatever the size of the shop and however common the words: the places
come out of the index in the order of time, and looking ends with the page or after LOOKED_THROUGH of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, cast, column, false, literal_column, or_, select, table
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.orm import InstrumentedAttribute

from pilito.database import is_sqlite
from pilito.lifecycle import Sender
from pilito.models import Conversation, SearchEntry, db
from pilito.models.search_entry import SearchKind, first_place
from pilito.search.terms import Question, mark_conversation, mark_inbox, mark_kind, mark_sender

LOOKED_THROUGH = 20_000
SIFTED = 500
INDEX = table("search_index", column("rowid"))
MATCHES: ColumnElement[str] = literal_column("search_index")


@dataclass(frozen=True)
class Filters:
    """Where to look; None: everywhere."""

    inbox_id: int | None = None
    sender: Sender | None = None
    conversation_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    of_conversation: ColumnElement[bool] | None = None  # a condition on Conversation, as a zone is

    def marks(self, kind: SearchKind) -> list[str]:
        return [
            mark_kind(kind),
            *([mark_inbox(self.inbox_id)] if self.inbox_id is not None else []),
            *([mark_sender(self.sender)] if self.sender is not None else []),
            *([mark_conversation(self.conversation_id)] if self.conversation_id is not None else []),
        ]


ANYWHERE = Filters()


@dataclass(frozen=True)
class Places:
    """Ids of entries with what they lead to; `next` is where to go on looking, None where all was looked at."""

    found: Sequence[tuple[int, int]]  # (place, target_id)
    next: int | None


def find_places(kind: SearchKind, question: Question, filters: Filters, before: int | None, limit: int) -> Places:
    """The newest places before `before`, at most `limit`."""
    if question.is_empty:
        return Places([], None)
    if filters.of_conversation is None:
        places = db.session.scalars(_matching(kind, question, filters, before).limit(limit + 1)).all()
        shown, is_more = places[:limit], len(places) > limit
        return Places(_targets(shown), shown[-1] if is_more else None)
    looked = db.session.scalars(_matching(kind, question, filters, before).limit(LOOKED_THROUGH)).all()
    return _sift(looked, filters.of_conversation, limit)


def _sift(looked: Sequence[int], of_conversation: ColumnElement[bool], limit: int) -> Places:
    """Those of the places whose conversation is wanted, looked up some hundreds at a time."""
    found: list[tuple[int, int]] = []
    for start in range(0, len(looked), SIFTED):
        some = looked[start : start + SIFTED]
        rows = db.session.execute(
            select(SearchEntry.id, SearchEntry.target_id)
            .join(Conversation, Conversation.id == SearchEntry.conversation_id)
            .where(SearchEntry.id.in_(some), of_conversation)
            .order_by(SearchEntry.id.desc())
        )
        found += [(place, target_id) for place, target_id in rows]
        if len(found) > limit:
            return Places(found[:limit], found[limit - 1][0])
    return Places(found, looked[-1] if len(looked) == LOOKED_THROUGH else None)


def conversations_with(question: Question, filters: Filters) -> ColumnElement[bool]:
    """The condition under which a conversation holds the words, in the newest messages and posts that do, or in its
    customer's name."""
    if question.is_empty:
        return false()
    kinds = (SearchKind.MESSAGE, SearchKind.SHARE, SearchKind.CUSTOMER)
    message, share, customer = (_matching(kind, question, filters, None).limit(LOOKED_THROUGH) for kind in kinds)
    return or_(
        *(Conversation.id.in_(_of_entries(SearchEntry.conversation_id, places)) for places in (message, share)),
        Conversation.customer_id.in_(_of_entries(SearchEntry.customer_id, customer)),
    )


def _of_entries(column: InstrumentedAttribute[Any], places: Select[int]) -> Select[int]:
    return select(column).where(SearchEntry.id.in_(places.subquery().select()))


def _matching(kind: SearchKind, question: Question, filters: Filters, before: int | None) -> Select[int]:
    """The places of a question, the newest first."""
    marks = filters.marks(kind)
    if is_sqlite():
        place: ColumnElement[int] = INDEX.c.rowid
        wanted = select(place).where(MATCHES.op("MATCH")(question.for_fts5(marks)))
    else:
        place = SearchEntry.id.expression
        wanted = select(place).where(SearchEntry.words.op("@@")(cast(question.for_tsquery(marks), TSQUERY)))
    if before is not None:
        wanted = wanted.where(place < before)
    if filters.since is not None:
        wanted = wanted.where(place >= first_place(filters.since))
    if filters.until is not None:
        wanted = wanted.where(place < first_place(filters.until))
    return wanted.order_by(place.desc())


def _targets(places: Sequence[int]) -> list[tuple[int, int]]:
    if not places:
        return []
    rows = select(SearchEntry.id, SearchEntry.target_id).where(SearchEntry.id.in_(places))
    return [(place, target_id) for place, target_id in db.session.execute(rows.order_by(SearchEntry.id.desc()))]
