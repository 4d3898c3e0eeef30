"""Rows from before the search, or from before a change of its words, are taken in bit by bit, the newest first."""

import time
from collections.abc import Callable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from pilito import hints, keys
from pilito.database import transaction
from pilito.models import Attachment, Customer, Message, Note, SearchBacklog, Share, db
from pilito.models.search_entry import SearchKind
from pilito.search.keep import entries_of, write_entries

BATCH = 400  # rows a transaction: others write in between
REST_SECONDS = 0.02
ROWS: dict[SearchKind, Any] = {
    SearchKind.MESSAGE: Message,
    SearchKind.SHARE: Share,
    SearchKind.CUSTOMER: Customer,
    SearchKind.NOTE: Note,
}


def wake_filling() -> None:
    """Have a worker go on where something is left."""
    is_behind = db.session.scalar(select(SearchBacklog.id).limit(1)) is not None
    db.session.rollback()
    if is_behind and not hints.is_busy(keys.UPKEEP):
        hints.hint(keys.UPKEEP, keys.SEARCH_JOB)


def take_in(seconds: float, now: Callable[[], float] = time.monotonic) -> int:
    """Take rows in for as long as this, or until there are no more; return how many. Harmless to run twice at once."""
    until, taken = now() + seconds, 0
    while now() < until and (batch := _take_batch()) is not None:
        taken += batch
        time.sleep(REST_SECONDS)
    return taken


def begin_anew() -> None:
    """Have everything taken in once more; what is there is found meanwhile as it was."""
    with transaction():
        for kind, table in ROWS.items():
            newest = db.session.scalar(select(table.id).order_by(table.id.desc()).limit(1)) or 0
            backlog = db.session.scalar(select(SearchBacklog).where(SearchBacklog.kind == int(kind)))
            if backlog is None:
                db.session.add(SearchBacklog(kind=int(kind), below_id=newest + 1))
            else:
                backlog.below_id = newest + 1


def _take_batch() -> int | None:
    """The next rows of one table; None where nothing is left.

    The rows are locked as an unsend locks them: whichever comes second knows of the first.
    """
    with transaction():
        backlog = db.session.scalar(
            select(SearchBacklog).order_by(SearchBacklog.kind.desc()).limit(1).with_for_update()
        )
        if backlog is None:
            return None
        kind = SearchKind(backlog.kind)
        rows = _rows_below(kind, backlog.below_id)
        entries = [entry for row in rows for entry in entries_of(db.session(), row, are_files_at_hand=True)]
        known = [(kind, row.message_id if isinstance(row, Share) else row.id) for row in rows]
        write_entries(db.session(), entries, known)
        if len(rows) < BATCH:
            db.session.delete(backlog)
        else:
            backlog.below_id = rows[-1].id
        count = len(rows)
    db.session.expunge_all()
    return count


def _rows_below(kind: SearchKind, below_id: int) -> list[Any]:
    table = ROWS[kind]
    options: dict[SearchKind, tuple[Any, ...]] = {
        SearchKind.MESSAGE: (
            joinedload(Message.conversation),
            selectinload(Message.attachments).joinedload(Attachment.reading),
        ),
        SearchKind.SHARE: (joinedload(Share.message).joinedload(Message.conversation), joinedload(Share.own_post)),
        SearchKind.CUSTOMER: (),
        SearchKind.NOTE: (),
    }
    wanted = select(table).where(table.id < below_id).order_by(table.id.desc()).limit(BATCH)
    return list(db.session.scalars(wanted.options(*options[kind]).with_for_update(read=True, of=table)))
