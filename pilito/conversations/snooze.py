"""A person puts a conversation off: it rests until then, or until the customer writes, and comes back."""

from datetime import datetime, timedelta

from sqlalchemy import select

from pilito.conversations.before import lies
from pilito.conversations.came_back import BY_CLOCK, come_back, forget_marks, see_to
from pilito.conversations.lock import get_locked, mark_changed, refuse_blocked
from pilito.conversations.notify import notify
from pilito.conversations.one_by_one import one_by_one
from pilito.conversations.seen import Seen, refuse_if_changed
from pilito.conversations.take_over import to_people
from pilito.database import transaction
from pilito.errors import Refused
from pilito.lifecycle import ConversationState, NotificationKind
from pilito.models import Audit, Conversation, db

LONGEST = timedelta(days=366)
BATCH = 200


def snooze(
    conversation_id: int, operator_id: int | None, until: datetime, now: datetime, seen: Seen | None = None
) -> int:
    """Put the conversation off; it is this person's from then on. Return the audit row by which it is taken back.

    Raises Refused (snooze_past, snooze_far, moved_on).
    """
    if until <= now:
        raise Refused("snooze_past", f"Expected a time to come, not {until.isoformat()}.")
    if until > now + LONGEST:
        raise Refused("snooze_far", f"Expected a time within {LONGEST.days} days, not {until.isoformat()}.")
    with transaction() as tx:
        conversation = get_locked(conversation_id)
        refuse_blocked(conversation)
        refuse_if_changed(conversation, seen)
        before = lies(conversation)
        to_people(conversation, operator_id, "put off", now)
        forget_marks(conversation)
        conversation.snoozed_until = until
        conversation.person_at = now
        conversation.unread_count = 0
        details = {"before": before, "until": until.isoformat()}
        row = Audit(at=now, action="snoozed", operator_id=operator_id, conversation_id=conversation.id, details=details)
        db.session.add(row)
        db.session.flush()
        mark_changed(tx, conversation)
        return row.id


def bring_back(conversation_id: int, operator_id: int | None, now: datetime) -> None:
    """A person ends the rest early."""
    with transaction() as tx:
        conversation = get_locked(conversation_id)
        if conversation.snoozed_until is None:
            return
        forget_marks(conversation)
        _note("unsnoozed", conversation, operator_id, now)
        mark_changed(tx, conversation)


def mark_seen_to(conversation_id: int, operator_id: int | None, now: datetime) -> None:
    """Nothing is to be done about what came back."""
    with transaction() as tx:
        conversation = get_locked(conversation_id)
        if conversation.returned_at is None:
            return
        see_to(conversation)
        conversation.person_at = now
        _note("seen_to", conversation, operator_id, now)
        mark_changed(tx, conversation)


def wake_snoozed(now: datetime) -> int:
    """Bring back what is due, and tell whoever holds it; return how many."""
    due = select(Conversation.id).where(Conversation.snoozed_until <= now).order_by(Conversation.snoozed_until)
    ids = db.session.scalars(due.limit(BATCH)).all()
    return one_by_one("returned", ids, lambda conversation_id: _wake(conversation_id, now))


def _wake(conversation_id: int, now: datetime) -> bool:
    with transaction() as tx:
        conversation = get_locked(conversation_id)
        if conversation.snoozed_until is None or conversation.snoozed_until > now:
            return False  # the customer wrote meanwhile, or somebody put it off anew
        if conversation.state is not ConversationState.OPERATOR:
            forget_marks(conversation)
            return False
        come_back(conversation, BY_CLOCK, now)
        if conversation.operator_id is not None:
            notify(tx, conversation.operator_id, NotificationKind.RETURNED, conversation, now)
        mark_changed(tx, conversation)
        return True


def _note(action: str, conversation: Conversation, operator_id: int | None, now: datetime) -> None:
    db.session.add(Audit(at=now, action=action, operator_id=operator_id, conversation_id=conversation.id))
