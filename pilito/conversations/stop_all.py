"""The switch for all inboxes: pressed, the assistant writes and sends nothing anywhere until it is lifted."""

from datetime import datetime

from sqlalchemy import select

from pilito import realtime
from pilito.database import transaction
from pilito.models import AssistantStop, Audit, db


def stop_all(operator_id: int | None, now: datetime) -> None:
    """Stop the assistant everywhere; harmless when it is stopped. What is being sent at this moment still arrives."""
    with transaction() as tx:
        if _find_open() is not None:
            return
        db.session.add(AssistantStop(stopped_at=now, stopped_by_id=operator_id))
        db.session.add(Audit(at=now, action="assistant_stopped", operator_id=operator_id))
        tx.after_commit(realtime.all_changed)


def lift_stop(operator_id: int | None, now: datetime) -> None:
    """Let the assistant work again. What was handed over meanwhile stays with people: they give it back."""
    with transaction() as tx:
        found = _find_open()
        if found is None:
            return
        found.lifted_at, found.lifted_by_id = now, operator_id
        db.session.add(Audit(at=now, action="assistant_resumed", operator_id=operator_id))
        tx.after_commit(realtime.all_changed)


def _find_open() -> AssistantStop | None:
    return db.session.scalar(select(AssistantStop).where(AssistantStop.lifted_at.is_(None)).limit(1).with_for_update())
