"""Tell somebody of the shop about a conversation: a row, made in the transaction of what it tells of."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, func, select, update

from pilito import realtime
from pilito.database import Transaction, transaction
from pilito.lifecycle import NotificationKind
from pilito.models import Conversation, Notification, Operator, db


def notify(
    tx: Transaction,
    operator_id: int,
    kind: NotificationKind,
    conversation: Conversation,
    now: datetime,
    by_id: int | None = None,
    note_id: int | None = None,
) -> Notification | None:
    """Tell one person; return the row, or None where there is nobody to tell, or nothing new.

    Nobody is told of what they did themselves, and nobody who may not log in any more. The same once more takes the
    place of the first, while that is unread: assigned three times in an hour is one line. A note mentions somebody
    once, however often it is edited.
    """
    if operator_id == by_id or not _may_log_in(operator_id):
        return None
    if note_id is not None and _was_told(operator_id, note_id):
        return None
    if note_id is None:
        _replace(operator_id, kind, conversation.id, now)
    row = Notification(
        operator_id=operator_id,
        kind=kind,
        conversation_id=conversation.id,
        note_id=note_id,
        by_id=by_id,
        created_at=now,
    )
    db.session.add(row)
    db.session.flush()
    tx.after_commit(realtime.notified, operator_id, row.id)
    return row


def read_notifications(operator_id: int, now: datetime, ids: Iterable[int] | None = None) -> int:
    """These, or all of somebody's, are read; return how many were not before. Others' ids are passed over."""
    return _read(operator_id, now, Notification.id.in_(list(ids)) if ids is not None else None)


def read_of_conversation(operator_id: int, conversation_id: int, now: datetime) -> int:
    """Somebody looks at the conversation: what told them of it has done its work."""
    return _read(operator_id, now, Notification.conversation_id == conversation_id)


def unread_notifications(operator_id: int) -> int:
    return db.session.scalar(select(func.count()).select_from(Notification).where(*_unread(operator_id))) or 0


def _read(operator_id: int, now: datetime, which: ColumnElement[bool] | None) -> int:
    with transaction() as tx:
        changed = db.session.execute(
            update(Notification)
            .where(*_unread(operator_id), *([] if which is None else [which]))
            .values(read_at=now)
            .returning(Notification.id)
            .execution_options(synchronize_session=False)
        ).all()
        if changed:
            tx.after_commit(realtime.notified, operator_id, None)  # the count of their other tabs
    return len(changed)


def _unread(operator_id: int) -> tuple[ColumnElement[bool], ...]:
    return Notification.operator_id == operator_id, Notification.read_at.is_(None)


def _may_log_in(operator_id: int) -> bool:
    return bool(db.session.scalar(select(Operator.active).where(Operator.id == operator_id)))


def _was_told(operator_id: int, note_id: int) -> bool:
    told = select(Notification.id).where(Notification.operator_id == operator_id, Notification.note_id == note_id)
    return db.session.scalar(told.limit(1)) is not None


def _replace(operator_id: int, kind: NotificationKind, conversation_id: int, now: datetime) -> None:
    """What an unread line said is said again by the one that follows."""
    same = (Notification.kind == kind, Notification.conversation_id == conversation_id)
    db.session.execute(
        update(Notification)
        .where(*_unread(operator_id), *same)
        .values(read_at=now)
        .execution_options(synchronize_session=False)
    )
