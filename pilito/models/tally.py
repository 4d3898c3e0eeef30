"""What happened, counted by the quarter of an hour and by the day, so that no plot reads a message (decision 0035)."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Date, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from pilito.extensions import db
from pilito.models.source import GOES_WITH
from pilito.models.types import Id, UtcDateTime


class Tally(db.Model):
    """The numbers of one inbox in one quarter of an hour: `{measure: {key: count}}`; nothing happened: no row.

    A quarter, because that is the finest step of the world's time zones: Tehran's days begin at half past, Nepal's at a
    quarter to.
    """

    __tablename__ = "tally"
    __table_args__ = (UniqueConstraint("at", "inbox_id"), Index("ix_tally_inbox_id", "inbox_id"))

    id: Mapped[Id]
    at: Mapped[datetime] = mapped_column(UtcDateTime)  # its beginning
    inbox_id: Mapped[int | None] = mapped_column(ForeignKey("inbox.id"), info=GOES_WITH)  # None: of no inbox, a trial's
    numbers: Mapped[dict[str, Any]] = mapped_column(JSON)


class TallyDay(db.Model):
    """The sum of a day's quarters, as long as the day is in that zone, with what each hour of the clock brought."""

    __tablename__ = "tally_day"
    __table_args__ = (UniqueConstraint("zone", "day", "inbox_id"), Index("ix_tally_day_inbox_id", "inbox_id"))

    id: Mapped[Id]
    zone: Mapped[str] = mapped_column(String(64))
    day: Mapped[date] = mapped_column(Date)
    inbox_id: Mapped[int | None] = mapped_column(ForeignKey("inbox.id"), info=GOES_WITH)
    numbers: Mapped[dict[str, Any]] = mapped_column(JSON)


class TallyMark(db.Model):
    """This quarter is to be counted, not before `due_at`. Whoever changes the past adds one in the same transaction.

    Rows are only ever added and, once their quarter was counted, deleted by their id: one that was written while the
    count ran is still there afterwards.
    """

    __tablename__ = "tally_mark"
    __table_args__ = (Index("ix_tally_mark_at", "at", "due_at"),)

    id: Mapped[Id]
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)


class TallyKeeper(db.Model):
    """One row: who counts now. `run` fences: a count that came back after its lease ended is thrown away."""

    __tablename__ = "tally_keeper"

    id: Mapped[Id]
    run: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    marked_until: Mapped[datetime | None] = mapped_column(UtcDateTime)  # each quarter before it has had its first mark
    counted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # when nothing was left to count


class TallyZone(db.Model):
    """A time zone in which somebody looks: its days are kept ready."""

    __tablename__ = "tally_zone"

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(String(64), unique=True)
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)


class OpenQuestion(db.Model):
    """A question that was handed over as not known. Its words stay in its messages; here is what it is like."""

    __tablename__ = "open_question"
    __table_args__ = (
        Index(
            "ix_open_question_open",
            "asked_at",
            sqlite_where=db.text("settled_at IS NULL"),
            postgresql_where=db.text("settled_at IS NULL"),
        ),
        Index("ix_open_question_inbox_id", "inbox_id"),
        Index("ix_open_question_own_post_id", "own_post_id"),
    )

    id: Mapped[Id]
    turn_id: Mapped[int] = mapped_column(ForeignKey("turn.id"), unique=True)
    inbox_id: Mapped[int] = mapped_column(ForeignKey("inbox.id"))
    own_post_id: Mapped[int | None] = mapped_column(ForeignKey("own_post.id"))  # that it was asked about
    likeness: Mapped[str] = mapped_column(String(200))  # its words in the search's one form, sorted
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    settled_by_id: Mapped[int | None] = mapped_column(ForeignKey("operator.id"))
