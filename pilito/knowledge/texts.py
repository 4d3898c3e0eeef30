"""Questions with their answers, and free texts, as a person types them in the panel."""

from datetime import datetime

from pilito.database import transaction
from pilito.errors import Refused
from pilito.knowledge.changes import count_change, refuse_old_page
from pilito.knowledge.drafts import Problem, Problems, clean_line, clean_text
from pilito.knowledge.sources import manual_source
from pilito.lifecycle import PassageKind, SourceKind
from pilito.models import Audit, Inbox, Passage, db

TITLE_LENGTH = 300
TEXT_LENGTH = 4_000
TYPED = (PassageKind.FAQ, PassageKind.TEXT)


def save_text(
    passage_id: int | None,
    inbox_id: int | None,
    kind: PassageKind,
    title: str,
    text: str,
    operator_id: int | None,
    now: datetime,
    valid_until: datetime | None = None,
    seen: datetime | None = None,
) -> int:
    """Make an entry of the FAQ or a free text for an inbox (None: for all), or change one; return its id. `seen`: see
    `refuse_old_page`.

    Raises Refused `not_found`, `inbox_not_found`, `page_is_old`; Problems for an empty or too long one.
    """
    title, text = _checked(title, text)
    with transaction():
        passage = _get_typed(passage_id) if passage_id else _make(inbox_id, kind, now)
        refuse_old_page(passage.updated_at, seen)
        passage.title, passage.text, passage.valid_until, passage.updated_at = title, text, valid_until, now
        db.session.flush()
        _note("text_saved", passage, operator_id, now)
        count_change(passage.inbox_id)
        return passage.id


def delete_text(passage_id: int, operator_id: int | None, now: datetime) -> None:
    """Raises Refused `not_found`."""
    with transaction():
        passage = _get_typed(passage_id)
        _note("text_deleted", passage, operator_id, now)
        inbox_id = passage.inbox_id
        db.session.delete(passage)
        db.session.flush()
        count_change(inbox_id)


def _checked(title: str, text: str) -> tuple[str, str]:
    title, text = clean_line(title, TITLE_LENGTH + 1), clean_text(text, TEXT_LENGTH + 1)
    problems = []
    if not title:
        problems.append(Problem("no_title", "title"))
    if not text:
        problems.append(Problem("no_text", "text"))
    if len(title) > TITLE_LENGTH:
        problems.append(Problem("too_long", "title"))
    if len(text) > TEXT_LENGTH:
        problems.append(Problem("too_long", "text"))
    if problems:
        raise Problems(problems)
    return title, text


def _get_typed(passage_id: int) -> Passage:
    passage = db.session.get(Passage, passage_id, with_for_update=True, populate_existing=True)
    if passage is None or passage.kind not in TYPED or passage.source.kind is not SourceKind.MANUAL:
        raise Refused("not_found", f"There is no text {passage_id} that was typed here.")
    return passage


def _make(inbox_id: int | None, kind: PassageKind, now: datetime) -> Passage:
    if kind not in TYPED:
        raise Refused("not_found", f"A {kind} is not typed.")
    if inbox_id is not None and db.session.get(Inbox, inbox_id) is None:
        raise Refused("inbox_not_found", f"There is no inbox {inbox_id}.")
    source = manual_source(inbox_id, now)
    passage = Passage(
        source_id=source.id, inbox_id=inbox_id, kind=kind, title="", text="", created_at=now, updated_at=now
    )
    db.session.add(passage)
    return passage


def _note(action: str, passage: Passage, operator_id: int | None, now: datetime) -> None:
    details = {"passage_id": passage.id, "title": passage.title}
    db.session.add(Audit(at=now, action=action, operator_id=operator_id, details=details))
