"""A label goes on a conversation, or comes off it."""

from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, select

from pilito.conversations.lock import get_locked, mark_changed
from pilito.database import transaction
from pilito.errors import Refused
from pilito.models import Audit, ConversationLabel, Label, db


def put_label(conversation_id: int, label_id: int, operator_id: int | None, now: datetime) -> int | None:
    """Return the audit row by which it is taken back; None where it was on it before."""
    with transaction() as tx:
        conversation = get_locked(conversation_id)
        label = _get_label(label_id)
        if _is_on(conversation_id, label_id):
            return None
        db.session.add(
            ConversationLabel(
                conversation_id=conversation_id, label_id=label_id, operator_id=operator_id, created_at=now
            )
        )
        mark_changed(tx, conversation)
        return _note("labelled", conversation_id, label, operator_id, now)


def take_label(conversation_id: int, label_id: int, operator_id: int | None, now: datetime) -> int | None:
    """Return the audit row by which it is put back; None where it was not on it."""
    with transaction() as tx:
        conversation = get_locked(conversation_id)
        label = _get_label(label_id)
        if not _is_on(conversation_id, label_id):
            return None
        db.session.execute(delete(ConversationLabel).where(_row(conversation_id, label_id)))
        mark_changed(tx, conversation)
        return _note("unlabelled", conversation_id, label, operator_id, now)


def _get_label(label_id: int) -> Label:
    label = db.session.get(Label, label_id)
    if label is None:
        raise Refused("label_gone", f"There is no label {label_id}.")
    return label


def _row(conversation_id: int, label_id: int) -> ColumnElement[bool]:
    return and_(ConversationLabel.conversation_id == conversation_id, ConversationLabel.label_id == label_id)


def _is_on(conversation_id: int, label_id: int) -> bool:
    return db.session.scalar(select(ConversationLabel.id).where(_row(conversation_id, label_id))) is not None


def _note(action: str, conversation_id: int, label: Label, operator_id: int | None, now: datetime) -> int:
    details = {"label": label.id, "name": label.name}
    row = Audit(at=now, action=action, operator_id=operator_id, conversation_id=conversation_id, details=details)
    db.session.add(row)
    db.session.flush()
    return row.id
