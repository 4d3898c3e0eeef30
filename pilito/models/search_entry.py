"""What the search looks in: the words of a message, of a shared post, of a customer's name."""

from datetime import datetime
from enum import IntEnum

from sqlalchemy import BigInteger, ForeignKey, Index, SmallInteger, Text
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from pilito.extensions import db
from pilito.models.types import Id

SECONDS_BITS, TARGET_BITS, KIND_BITS = 33, 28, 2  # 63 together: until the year 2242
TARGETS = 1 << TARGET_BITS  # ids beyond it begin anew, and differ from the old ones by their second


class SearchKind(IntEnum):
    """What an entry leads to. At most four: two bits of its place."""

    MESSAGE = 0
    SHARE = 1  # of the message `target_id`
    CUSTOMER = 2
    NOTE = 3


class SearchEntry(db.Model):
    """Derived from other rows, and made again from them at any time (pilito/search).

    `id` is the entry's place in time, so that the newest come first from the index itself, without sorting. `words` are
    parted by spaces; on SQLite they are also in the FTS5 table `search_index` (pilito/search/keep.py puts them there,
    a trigger takes them out), on PostgreSQL they are a tsvector.
    """

    __tablename__ = "search_entry"
    __table_args__ = (
        Index("ix_search_entry_target_id", "target_id", "kind"),
        Index("ix_search_entry_customer_id", "customer_id"),
    )

    id: Mapped[Id]
    kind: Mapped[int] = mapped_column(SmallInteger)
    target_id: Mapped[int] = mapped_column(BigInteger)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"))
    conversation_id: Mapped[int | None] = mapped_column(BigInteger)  # no key: the customer's own
    words: Mapped[str] = mapped_column(Text().with_variant(TSVECTOR(), "postgresql"))


class SearchBacklog(db.Model):
    """Rows from before the search, which a job takes in bit by bit; gone when all are."""

    __tablename__ = "search_backlog"

    id: Mapped[Id]
    kind: Mapped[int] = mapped_column(SmallInteger, unique=True)
    below_id: Mapped[int] = mapped_column(BigInteger)  # those with a smaller id are still to come


def is_of_index(name: str | None) -> bool:
    """Whether this table or index of the database is one that no model names: FTS5's several, or PostgreSQL's GIN."""
    return name is not None and (name.startswith("search_index") or name == "ix_search_entry_words")


def place_of(at: datetime, target_id: int, kind: SearchKind) -> int:
    """The id of an entry: by second, then by the target's id."""
    seconds = min(max(0, int(at.timestamp())), (1 << SECONDS_BITS) - 1)
    return (seconds << (TARGET_BITS + KIND_BITS)) | ((target_id % TARGETS) << KIND_BITS) | kind


def first_place(at: datetime) -> int:
    """The smallest id that an entry of this second can have."""
    return place_of(at, 0, SearchKind.MESSAGE)
