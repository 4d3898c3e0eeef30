"""Documents and web pages: given by a person, read in the job, and kept as passages."""

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy import delete, insert, select

from pilito.database import transaction
from pilito.errors import Refused, SourceError
from pilito.knowledge import door
from pilito.knowledge.drafts import clean_address, clean_line
from pilito.knowledge.passages import Parsed, Piece, parse
from pilito.knowledge.sources import SCHEDULES, find_given, make_source
from pilito.knowledge.wake import wake
from pilito.knowledge.web import PAGES, USUAL_PAGES, Known, Page, digest
from pilito.lifecycle import PassageKind, SourceKind, SourceState
from pilito.models import Audit, Passage, Source, SourceFile, WebPage, db

FILE_BYTES = 10 * 1024 * 1024
ENDINGS = {"pdf": "pdf", "docx": "docx", "txt": "txt", "md": "md", "markdown": "md"}
ADDRESSED = (SourceKind.PAGE, SourceKind.SITEMAP)
SAID = ("inbox_id", "title", "heading", "text", "address")  # what of a passage is told, and in which account


def add_document(inbox_id: int | None, file_name: str, content: bytes, operator_id: int | None, now: datetime) -> int:
    """Keep a document and have it read; return its source's id, also of one given before.

    Raises Refused: `file_empty`, `file_too_large`, `not_a_document`, `inbox_not_found`.
    """
    name = clean_line(file_name.replace("\\", "/").rpartition("/")[2], 200)
    kind = ENDINGS.get(name.rpartition(".")[2].lower())
    if kind is None:
        raise Refused("not_a_document", f"Expected one of {', '.join(ENDINGS)}.")
    if not content.strip():
        raise Refused("file_empty", "There is nothing in it.")
    if len(content) > FILE_BYTES:
        raise Refused("file_too_large", f"It has more than {FILE_BYTES} bytes.")
    with transaction() as tx:
        source = _find_document(inbox_id, name, content)
        if source is None:
            values = {"state": SourceState.WAITING, "options": {"kind": kind}}
            source = make_source(SourceKind.DOCUMENT, inbox_id, name, now, **values)
            file = {"name": name, "size_bytes": len(content), "content": content}
            db.session.add(SourceFile(source_id=source.id, created_at=now, **file))
        source.due_at = now
        _note(source, operator_id, now)
        tx.after_commit(wake, source.id)
        return source.id


def _find_document(inbox_id: int | None, name: str, content: bytes) -> Source | None:
    """The same file, given for the same inbox: by a second press on the button, as a rule."""
    scope = Source.inbox_id.is_(None) if inbox_id is None else Source.inbox_id == inbox_id
    is_same = SourceFile.name == name, SourceFile.size_bytes == len(content), SourceFile.content == content
    wanted = select(Source).join(SourceFile).where(Source.kind == SourceKind.DOCUMENT, scope, *is_same)
    return db.session.scalar(wanted.limit(1).with_for_update(of=Source))


def add_page(
    kind: SourceKind,
    inbox_id: int | None,
    address: str,
    every_hours: int | None,
    operator_id: int | None,
    now: datetime,
    limit: int = USUAL_PAGES,
) -> int:
    """Have a page, or the pages of a sitemap, read again and again; return the source's id, also of one given before.

    Raises Refused: `no_address`, `address_refused`, `no_schedule`, `too_many_pages`, `inbox_not_found`, `not_found`.
    """
    if kind not in ADDRESSED:
        raise Refused("not_found", f"{kind} has no address.")
    typed = clean_line(address, 2000)
    found = clean_address(typed if "://" in typed else f"https://{typed}")
    if found is None or "." not in (urlsplit(found).hostname or ""):
        raise Refused("no_address", "That is no address of a page.")
    if not door.is_allowed(found):
        raise Refused("address_refused", "Expected https on its usual port, and the name of a host.")
    if every_hours is not None and every_hours not in SCHEDULES:
        raise Refused("no_schedule", f"Expected one of {SCHEDULES}.")
    if not 0 < limit <= PAGES:
        raise Refused("too_many_pages", f"Expected 1 to {PAGES} pages.")
    with transaction() as tx:
        source = find_given(kind, inbox_id, found) or make_source(
            kind, inbox_id, found.partition("://")[2], now, address=found, state=SourceState.WAITING
        )
        source.every_hours, source.due_at, source.updated_at = every_hours, now, now
        source.options = {"limit": limit} if kind is SourceKind.SITEMAP else {}
        _note(source, operator_id, now)
        tx.after_commit(wake, source.id)
        return source.id


def _note(source: Source, operator_id: int | None, now: datetime) -> None:
    details = {"source_id": source.id, "kind": source.kind.value, "name": source.name}
    db.session.add(Audit(at=now, action="source_added", operator_id=operator_id, details=details))


# --- what the job does -----------------------------------------------------------------------------------------------


def parse_document(source_id: int) -> Parsed:
    """Read the file that was given. Raises SourceError."""
    file = db.session.scalar(select(SourceFile).where(SourceFile.source_id == source_id))
    source = db.session.get(Source, source_id)
    if file is None or source is None:
        raise SourceError("gone")
    content, kind = file.content, str(source.options.get("kind"))
    db.session.rollback()
    return parse(kind, content)


def known_pages(source_id: int) -> dict[str, Known]:
    rows = db.session.scalars(select(WebPage).where(WebPage.source_id == source_id)).all()
    found = {row.address: Known(row.etag, row.last_modified, row.content_digest) for row in rows}
    db.session.rollback()
    return found


def keep_document(source: Source, parsed: Parsed, now: datetime) -> bool:
    return _replace(source, None, parsed.title or source.name, source.address, parsed.pieces, now)


def keep_pages(source: Source, pages: Sequence[Page], now: datetime) -> bool:
    """Make the source's pages these: a page that was not brought, or is gone, goes with its passages."""
    rows = {row.digest: row for row in db.session.scalars(select(WebPage).where(WebPage.source_id == source.id))}
    here = {digest(page.address): page for page in pages if not page.is_gone}
    gone = [row.id for name, row in rows.items() if name not in here]
    for table, column in ((Passage, Passage.web_page_id), (WebPage, WebPage.id)):
        db.session.execute(delete(table).where(column.in_(gone)).execution_options(synchronize_session=False))
    is_change = bool(gone)
    for name, page in here.items():
        row = rows.get(name) or _make_page(source, page, name)
        row.checked_at, row.error = now, page.error
        if page.error:
            continue
        row.etag, row.last_modified, row.content_digest = page.etag, page.last_modified, page.content_digest
        if page.pieces is not None:
            row.title = clean_line(page.title, 300) or None
            if _replace(source, row.id, row.title or source.name, page.address, page.pieces, now):
                row.changed_at, is_change = now, True
    return is_change


def _make_page(source: Source, page: Page, name: str) -> WebPage:
    row = WebPage(source_id=source.id, address=page.address, digest=name)
    db.session.add(row)
    db.session.flush()
    return row


def _replace(
    source: Source, page_id: int | None, title: str, address: str | None, pieces: Sequence[Piece], now: datetime
) -> bool:
    """Make the passages these; return False where they are.

    Many shops write a page anew for every visitor (a token in a form, the time). A passage that got a number of its own
    each time would be another to the answer that rests on it (conversations/draft_facts.py).
    """
    scope = Passage.web_page_id == page_id if page_id else Passage.source_id == source.id
    own = {
        "source_id": source.id,
        "inbox_id": source.inbox_id,
        "web_page_id": page_id,
        "kind": PassageKind.PAGE,
        "title": clean_line(title, 300),
        "address": address,
        "active": True,
        "created_at": now,
        "updated_at": now,
    }
    rows = [
        own | {"heading": piece.heading or None, "text": piece.text, "position": position}
        for position, piece in enumerate(pieces)
    ]
    kept = select(*(getattr(Passage, name) for name in SAID)).where(scope).order_by(Passage.position)
    if [tuple(one) for one in db.session.execute(kept)] == [tuple(row[name] for name in SAID) for row in rows]:
        return False
    db.session.execute(delete(Passage).where(scope).execution_options(synchronize_session=False))
    if rows:
        db.session.execute(insert(Passage.__table__), rows)
    return True
