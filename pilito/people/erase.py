"""A person of the shop leaves for good: who they were goes, what they did stays, by nobody."""

from datetime import datetime
from enum import Enum
from typing import Any

from sqlalchemy import ColumnElement, Table, delete, func, or_, select

from pilito import audit
from pilito.database import transaction
from pilito.extensions import db
from pilito.models import (
    Audit,
    EntryLink,
    Mail,
    Mention,
    Note,
    Notification,
    Operator,
    OperatorSession,
    RecoveryCode,
    SavedView,
)
from pilito.people.team import deactivate, get_by_email

Json = dict[str, Any]

NOBODY = "—"
SECRETS = {"password_hash", "totp_encrypted", "totp_step", "secret_hash", "token_hash", "content_encrypted"}
BATCH = 500


def erase_operator(email: str, now: datetime) -> int:
    """Erase who the person was: name, address, password, log-ins, links, mail, and from where they did what. What they
    wrote to customers and noted for colleagues is the shop's: it stays, by nobody. Return their number.

    Raises Refused (operator_not_found, last_owner). Safe again after a crash: the name goes last.
    """
    operator_id = get_by_email(email).id
    deactivate(operator_id, None, now)
    emails = _emails_of(operator_id)
    _forget_audit(operator_id, emails)
    with transaction():
        operator = db.session.get_one(Operator, operator_id)
        theirs = or_(EntryLink.operator_id == operator_id, EntryLink.email.in_(emails))
        for model, whose in (
            (OperatorSession, OperatorSession.operator_id == operator_id),
            (RecoveryCode, RecoveryCode.operator_id == operator_id),
            (EntryLink, theirs),
            (Mail, Mail.recipient.in_(emails)),
            (Notification, Notification.operator_id == operator_id),
            (Mention, Mention.operator_id == operator_id),
            (SavedView, SavedView.operator_id == operator_id),
        ):
            db.session.execute(delete(model).where(whose).execution_options(synchronize_session=False))
        audit.forget_words(db.session.scalars(select(Audit.id).where(*_was_called(operator_id))))
        operator.name, operator.email = NOBODY, f"erased-{operator_id}@erased.invalid"
        operator.password_hash, operator.totp_encrypted, operator.totp_at = "!", None, None
        operator.erased_at = now
        db.session.add(Audit(at=now, action="operator_erased", details={"whom": operator_id}))
    return operator_id


def export_operator(email: str, now: datetime) -> Json:
    """Return what is stored of the person as plain data, without what opens doors."""
    operator = get_by_email(email)
    operator_id, emails = operator.id, _emails_of(operator.id)
    found: Json = {
        "operator": _rows(Operator.__table__, Operator.id == operator_id)[0],
        "log_ins": _rows(OperatorSession.__table__, OperatorSession.operator_id == operator_id),
        "links": _rows(EntryLink.__table__, or_(EntryLink.operator_id == operator_id, EntryLink.email.in_(emails))),
        "mail": _rows(Mail.__table__, Mail.recipient.in_(emails)),
        "notes": _rows(Note.__table__, Note.operator_id == operator_id),
        "notifications": _rows(Notification.__table__, Notification.operator_id == operator_id),
        "saved_views": _rows(SavedView.__table__, SavedView.operator_id == operator_id),
        "audit": _rows(Audit.__table__, or_(Audit.operator_id == operator_id, Audit.id.in_(_lines_naming(emails)))),
        "recovery_codes": db.session.scalar(
            select(func.count()).select_from(RecoveryCode).where(RecoveryCode.operator_id == operator_id)
        ),
    }
    db.session.rollback()
    with transaction():
        db.session.add(Audit(at=now, action="operator_exported", details={"whom": operator_id}))
    return found


def _emails_of(operator_id: int) -> set[str]:
    """The person's addresses, of today and before, but for one that is somebody else's by now."""
    changes = db.session.scalars(select(Audit.details).where(*_was_called(operator_id))).all()
    links = db.session.scalars(select(EntryLink.email).where(EntryLink.operator_id == operator_id)).all()
    others = set(db.session.scalars(select(Operator.email).where(Operator.id != operator_id)))
    today, before = db.session.get_one(Operator, operator_id).email, (details.get("from", "") for details in changes)
    return {today, *links, *before} - others - {""}


def _was_called(operator_id: int) -> tuple[ColumnElement[bool], ...]:
    """The lines that keep an address of before; they are emptied last, with what is found by it."""
    return Audit.operator_id == operator_id, Audit.action == "email_changed"


def _forget_audit(operator_id: int, emails: set[str]) -> None:
    """From where they did what, and rows that name their addresses. Who did it and what stay sealed."""
    while True:
        with transaction():
            theirs = (Audit.operator_id == operator_id, Audit.address.is_not(None))
            ids = list(db.session.scalars(select(Audit.id).where(*theirs).limit(BATCH)))
            audit.forget_addresses(ids)
        if len(ids) < BATCH:
            break
    named = _lines_naming(emails)
    db.session.rollback()
    if named:
        with transaction():
            audit.forget(named)


def _lines_naming(emails: set[str]) -> list[int]:
    about_people = Audit.action.in_(("operator_invited", "invitation_revoked"))
    rows = db.session.execute(select(Audit.id, Audit.details).where(about_people)).all()
    return [row.id for row in rows if (row.details or {}).get("email") in emails]


def _rows(table: Table, theirs: Any) -> list[Json]:
    rows = db.session.execute(select(table).where(theirs).order_by(table.c.id)).mappings()
    return [{name: _plain(value) for name, value in row.items() if name not in SECRETS} for row in rows]


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return value.value if isinstance(value, Enum) else value
