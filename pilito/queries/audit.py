"""The audit log, read backwards."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import joinedload

from pilito.extensions import db
from pilito.models import Audit, Inbox, Operator, Product

PAGE = 60
CSV_BATCH = 1000
CSV_ROWS = 100_000


@dataclass(frozen=True)
class Filter:
    """Which rows; `before` is the id of the last one that was shown."""

    operator_id: int | None = None
    action: str = ""
    since: datetime | None = None
    until: datetime | None = None
    before: int | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        found: list[ColumnElement[bool]] = []
        if self.operator_id is not None:
            found.append(Audit.operator_id == self.operator_id)
        if self.action:
            found.append(Audit.action == self.action)
        if self.since is not None:
            found.append(Audit.at >= self.since)
        if self.until is not None:
            found.append(Audit.at < self.until)
        if self.before is not None:
            found.append(Audit.id < self.before)
        return found


def read_audit(wanted: Filter, limit: int = PAGE) -> list[Audit]:
    """The newest rows first."""
    rows = select(Audit).where(*wanted.conditions()).options(joinedload(Audit.operator))
    return list(db.session.scalars(rows.order_by(Audit.id.desc()).limit(limit)))


def stream_audit(wanted: Filter) -> Iterator[Audit]:
    """All of them, CSV_ROWS at most, read in pieces: each piece lets go of the database."""
    left, before = CSV_ROWS, wanted.before
    while left > 0:
        piece = read_audit(Filter(**{**wanted.__dict__, "before": before}), min(CSV_BATCH, left))
        # Not a rollback: after it each row, and whoever is logged in, would be read anew, and hold the line meanwhile.
        db.session.close()
        yield from piece
        if len(piece) < CSV_BATCH:
            return
        left, before = left - len(piece), piece[-1].id


def names_of_everybody() -> dict[int, str]:
    """Also of those who are gone: they stand in the log."""
    rows = db.session.execute(select(Operator.id, Operator.name).order_by(Operator.name))
    return dict(row.tuple() for row in rows)


def names_of_inboxes() -> dict[int, str]:
    return dict(row.tuple() for row in db.session.execute(select(Inbox.id, Inbox.name)))


def names_of_products(product_ids: Collection[int]) -> dict[int, str]:
    rows = db.session.execute(select(Product.id, Product.name).where(Product.id.in_(product_ids)))
    return dict(row.tuple() for row in rows)


def known_actions() -> list[str]:
    """Every action that was ever logged, by walking along its index: a DISTINCT would read the whole log."""
    found: list[str] = []
    while True:
        after: list[Any] = [Audit.action > found[-1]] if found else []
        action = db.session.scalar(select(Audit.action).where(*after).order_by(Audit.action).limit(1))
        if action is None:
            return found
        found.append(action)
