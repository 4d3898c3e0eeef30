"""Somebody wants a conversation to look unread again."""

from datetime import datetime

from pilito.conversations.lock import get_locked, mark_changed
from pilito.database import transaction


def mark_unread(conversation_id: int, now: datetime) -> None:  # noqa: ARG001  (the clock is every verb's argument)
    """The customer is told nothing: what they were shown as seen stays so."""
    with transaction() as tx:
        conversation = get_locked(conversation_id)
        if not conversation.unread_count and not conversation.is_blocked:
            conversation.unread_count = 1
            mark_changed(tx, conversation)
