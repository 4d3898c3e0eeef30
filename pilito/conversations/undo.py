"""Somebody takes back what they have just done: a close, a snooze, a label."""

from datetime import datetime, timedelta
from typing import Any

from pilito.conversations.before import put_back
from pilito.conversations.label import put_label, take_label
from pilito.conversations.lock import get_locked, mark_changed, refuse_blocked
from pilito.database import transaction
from pilito.errors import Refused
from pilito.lifecycle import ConversationState
from pilito.models import Audit, Conversation, db

Details = dict[str, Any]
WITHIN = timedelta(minutes=10)


def undo(audit_id: int, operator_id: int, now: datetime) -> None:
    """Take one's own deed back. Raises Refused (undo_late, moved_on).

    Only as long as it stands as it was done: what happened since then is not undone with it.
    """
    row = db.session.get(Audit, audit_id)
    if row is None or row.operator_id != operator_id or row.conversation_id is None or row.at < now - WITHIN:
        raise Refused("undo_late", "Expected a deed of your own, of the last ten minutes.")
    conversation_id, action, details, at = row.conversation_id, row.action, dict(row.details), row.at
    if action == "labelled":
        take_label(conversation_id, details["label"], operator_id, now)
    elif action == "unlabelled":
        put_label(conversation_id, details["label"], operator_id, now)
    elif action in STANDS:
        _put_back(conversation_id, action, details, at, operator_id, now)
    else:
        raise Refused("undo_late", f"{action} is not taken back.")


def _put_back(
    conversation_id: int, action: str, details: Details, at: datetime, operator_id: int, now: datetime
) -> None:
    with transaction() as tx:
        conversation = get_locked(conversation_id)
        refuse_blocked(conversation)
        if "before" not in details or not STANDS[action](conversation, details, at):
            raise Refused("moved_on", "The conversation changed since then.")
        put_back(tx, conversation, details["before"], now)
        undone = {"undone": action}
        db.session.add(
            Audit(at=now, action="undone", operator_id=operator_id, conversation_id=conversation.id, details=undone)
        )
        mark_changed(tx, conversation)


def _is_still_closed(conversation: Conversation, details: Details, _at: datetime) -> bool:
    return conversation.state is ConversationState.CLOSED and conversation.epoch == details["epoch"]


def _is_still_put_off(conversation: Conversation, details: Details, at: datetime) -> bool:
    """And no person has done anything since: a reply or an assignment leaves it put off, and is nobody's to undo."""
    until = conversation.snoozed_until
    return until is not None and until.isoformat() == details["until"] and conversation.person_at == at


STANDS = {"closed": _is_still_closed, "snoozed": _is_still_put_off}
