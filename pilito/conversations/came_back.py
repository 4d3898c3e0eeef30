"""The two marks of what a person put off: until when, and that it came back. The caller holds the lock."""

from datetime import datetime

from pilito.models import Audit, Conversation, db

BY_CLOCK, BY_CUSTOMER = "clock", "customer"


def come_back(conversation: Conversation, why: str, now: datetime) -> None:
    """What was put off lies before people again, until one of them acts."""
    conversation.snoozed_until, conversation.returned_at = None, now
    db.session.add(Audit(at=now, action="came_back", conversation_id=conversation.id, details={"why": why}))


def see_to(conversation: Conversation) -> None:
    """A person acted: what came back has been seen to."""
    conversation.returned_at = None


def forget_marks(conversation: Conversation) -> None:
    """Somebody else's turn begins: nothing is put off any more, and nothing came back."""
    conversation.snoozed_until = conversation.returned_at = None
