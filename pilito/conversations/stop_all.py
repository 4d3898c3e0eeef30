"""The switch for all inboxes: pressed, the assistant writes and sends nothing anywhere until it is lifted."""

from datetime import datetime

from sqlalchemy import update

from pilito import realtime
from pilito.conversations.duty import is_stopped
from pilito.database import transaction
from pilito.models import AssistantStop, Audit, db


def stop_all(operator_id: int | None, now: datetime) -> None:
    """Stop the assistant everywhere; harmless when it is stopped. What is being sent at this moment still arrives."""
    with transaction() as tx:
        if is_stopped():
            return
        db.session.add(AssistantStop(stopped_at=now, stopped_by_id=operator_id))
        db.session.add(Audit(at=now, action="assistant_stopped", operator_id=operator_id))
        tx.after_commit(realtime.all_changed)


def lift_stop(operator_id: int | None, now: datetime) -> None:
    """Let the assistant work again. What was handed over meanwhile stays with people: they give it back."""
    with transaction() as tx:
        # All: two people who pressed it in the same moment have made two.
        lifted = db.session.execute(
            update(AssistantStop)
            .where(AssistantStop.lifted_at.is_(None))
            .values(lifted_at=now, lifted_by_id=operator_id)
            .returning(AssistantStop.id)
            .execution_options(synchronize_session=False)
        ).all()
        if not lifted:
            return
        db.session.add(Audit(at=now, action="assistant_resumed", operator_id=operator_id))
        tx.after_commit(realtime.all_changed)
