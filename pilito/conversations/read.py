"""Somebody looked at a conversation."""

from datetime import datetime

from pilito.conversations.lock import get_locked, mark_changed
from pilito.conversations.signals import ask_seen
from pilito.database import transaction


def mark_read(conversation_id: int, now: datetime) -> None:  # noqa: ARG001  (the clock is every verb's argument)
    with transaction() as tx:
        conversation = get_locked(conversation_id)
        if conversation.unread_count:
            conversation.unread_count = 0
            mark_changed(tx, conversation)
            ask_seen(tx, conversation)
