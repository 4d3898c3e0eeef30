"""What the assistant may do in a conversation at a moment: nothing, write drafts, or answer."""

from datetime import datetime

from pilito.lifecycle import AssistantMode
from pilito.models import Conversation, Inbox


def mode_of(conversation: Conversation, now: datetime) -> AssistantMode:  # noqa: ARG001  (hours will ask for it)
    """The mode that counts now: the conversation's own, else its inbox's."""
    return chosen_mode(conversation.inbox, conversation)


def chosen_mode(inbox: Inbox, conversation: Conversation | None) -> AssistantMode:
    """What people chose, whatever the hour."""
    own = conversation.assistant_mode if conversation is not None else None
    return own or inbox.assistant_mode


def is_off(inbox: Inbox, conversation: Conversation | None) -> bool:
    return chosen_mode(inbox, conversation) is AssistantMode.OFF
