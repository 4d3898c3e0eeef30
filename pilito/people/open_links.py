"""Which entry links still open, and what ends one before its time."""

from datetime import datetime

from sqlalchemy import ColumnElement, update

from pilito.extensions import db
from pilito.models import EntryLink


def is_open(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return EntryLink.used_at.is_(None), EntryLink.revoked_at.is_(None), EntryLink.expires_at > now


def end_links(*which: ColumnElement[bool], now: datetime) -> int:
    """End these links, inside an open transaction; without a condition, everybody's. Return how many there were."""
    is_running = (EntryLink.used_at.is_(None), EntryLink.revoked_at.is_(None))
    ended = update(EntryLink).where(*which, *is_running).values(revoked_at=now)
    result = db.session.execute(ended.execution_options(synchronize_session=False))
    return int(result.rowcount)  # type: ignore[attr-defined]


def end_links_of(operator_id: int, now: datetime) -> None:
    """End the links to a new password of this person, whoever asked for them."""
    end_links(EntryLink.operator_id == operator_id, now=now)
