"""Where facts come from, as a thing that one can make, change and take away."""

from datetime import datetime, timedelta

from sqlalchemy import delete, select, update

from pilito.database import transaction
from pilito.errors import Refused
from pilito.knowledge.changes import count_change
from pilito.knowledge.pictures import leave_pictures
from pilito.lifecycle import SourceKind, SourceState
from pilito.models import Audit, Inbox, Passage, Product, Source, SourceFile, Variant, WebPage, db

NAME_LENGTH = 200
SCHEDULES = (1, 3, 6, 12, 24, 168)  # hours


def manual_source(inbox_id: int | None, now: datetime) -> Source:
    """The source of what is typed in the panel for this inbox, in the open transaction. Two of them do no harm."""
    return _of_scope(SourceKind.MANUAL, inbox_id, now)


def csv_source(inbox_id: int | None, now: datetime) -> Source:
    """The source of all that was imported from files for this inbox, in the open transaction."""
    return _of_scope(SourceKind.CSV, inbox_id, now)


def _of_scope(kind: SourceKind, inbox_id: int | None, now: datetime) -> Source:
    scope = Source.inbox_id.is_(None) if inbox_id is None else Source.inbox_id == inbox_id
    found = db.session.scalar(
        select(Source)
        .where(Source.kind == kind, Source.state != SourceState.DRAFT, scope)
        .order_by(Source.id)
        .limit(1)
        .with_for_update()
    )
    return found or make_source(kind, inbox_id, kind.value, now)


def make_source(kind: SourceKind, inbox_id: int | None, name: str, now: datetime, **values: object) -> Source:
    """Add a source in the open transaction. Raises Refused `inbox_not_found`."""
    if inbox_id is not None and db.session.get(Inbox, inbox_id) is None:
        raise Refused("inbox_not_found", f"There is no inbox {inbox_id}.")
    source = Source(kind=kind, inbox_id=inbox_id, name=name[:NAME_LENGTH], created_at=now, updated_at=now, **values)
    db.session.add(source)
    db.session.flush()
    return source


def find_given(kind: SourceKind, inbox_id: int | None, address: str) -> Source | None:
    """The source that was given for this inbox (None: for all) before, locked: twice, each fact would stand twice."""
    scope = Source.inbox_id.is_(None) if inbox_id is None else Source.inbox_id == inbox_id
    wanted = select(Source).where(Source.kind == kind, Source.address == address, scope).order_by(Source.id).limit(1)
    return db.session.scalar(wanted.with_for_update())


def get_source(source_id: int) -> Source:
    """The row, locked, in the open transaction. Raises Refused `not_found`."""
    source = db.session.get(Source, source_id, with_for_update=True, populate_existing=True)
    if source is None:
        raise Refused("not_found", f"There is no source {source_id}.")
    return source


def schedule(source_id: int, every_hours: int | None, operator_id: int | None, now: datetime) -> None:
    """Have a source read again every so many hours, or only when asked to (None)."""
    if every_hours is not None and every_hours not in SCHEDULES:
        raise Refused("no_schedule", f"Expected one of {SCHEDULES}, but it is {every_hours}.")
    with transaction():
        source = get_source(source_id)
        source.every_hours, source.updated_at = every_hours, now
        after = source.checked_at or now
        source.due_at = max(now, after + timedelta(hours=every_hours)) if every_hours else None
        _note("source_scheduled", source, operator_id, now)


def delete_source(source_id: int, operator_id: int | None, now: datetime) -> None:
    """Take a source away with all facts of it. Raises Refused `not_found`."""
    with transaction():
        source = get_source(source_id)
        _note("source_deleted", source, operator_id, now)
        leave_pictures(Product.source_id == source_id, now)
        products = select(Product.id).where(Product.source_id == source_id)
        for statement in (
            delete(Variant).where(Variant.product_id.in_(products)),
            delete(Product).where(Product.source_id == source_id),
            delete(Passage).where(Passage.source_id == source_id),
            delete(WebPage).where(WebPage.source_id == source_id),
            delete(SourceFile).where(SourceFile.source_id == source_id),
            delete(Source).where(Source.id == source_id),
        ):
            db.session.execute(statement.execution_options(synchronize_session=False))
        count_change(source.inbox_id)


def move_source(source_id: int, inbox_id: int | None, operator_id: int | None, now: datetime) -> None:
    """Let a source's facts hold for another inbox, or for all. Raises Refused `not_found`, `inbox_not_found`."""
    with transaction():
        source = get_source(source_id)
        if inbox_id is not None and db.session.get(Inbox, inbox_id) is None:
            raise Refused("inbox_not_found", f"There is no inbox {inbox_id}.")
        before, source.inbox_id, source.updated_at = source.inbox_id, inbox_id, now
        for table in (Product, Passage):
            rows = update(table).where(table.source_id == source_id).values(inbox_id=inbox_id)
            db.session.execute(rows.execution_options(synchronize_session=False))
        _note("source_moved", source, operator_id, now)
        count_change(before)
        count_change(inbox_id)


def _note(action: str, source: Source, operator_id: int | None, now: datetime) -> None:
    details = {"source_id": source.id, "kind": source.kind.value, "name": source.name}
    db.session.add(Audit(at=now, action=action, operator_id=operator_id, details=details))
