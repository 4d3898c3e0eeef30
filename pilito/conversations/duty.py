"""What the assistant may do in a conversation at a moment: nothing, write drafts, or answer."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from pilito.conversations.hours import is_open
from pilito.lifecycle import AssistantMode, HandOverReason, OutsideHours
from pilito.models import AssistantStop, Conversation, Inbox, db

FIND_STOP = select(AssistantStop.id).where(AssistantStop.lifted_at.is_(None)).limit(1)


@dataclass(frozen=True)
class Duty:
    """`reason` is why people are called where the assistant would be on but for the hour or the switch."""

    mode: AssistantMode
    reason: HandOverReason | None = None


def mode_of(conversation: Conversation, now: datetime) -> AssistantMode:
    """The mode that counts now."""
    return duty_of(conversation, now).mode


def duty_of(conversation: Conversation, now: datetime) -> Duty:
    """What people chose, held against the switch for all and against the hours.

    Hours bind an assistant that answers by itself; one that writes drafts may write them at any time.
    """
    inbox = conversation.inbox
    mode = chosen_mode(inbox, conversation)
    if mode is AssistantMode.OFF:
        return Duty(mode)
    if is_stopped():
        return Duty(AssistantMode.OFF, HandOverReason.STOPPED)
    if mode is AssistantMode.DRAFT or is_open(inbox.hours, inbox.zone, inbox.holidays, now):
        return Duty(mode)
    return {
        OutsideHours.ANSWER: Duty(mode),
        OutsideHours.DRAFT: Duty(AssistantMode.DRAFT),
        OutsideHours.HAND_OVER: Duty(AssistantMode.OFF, HandOverReason.OUTSIDE_HOURS),
    }[inbox.outside_hours]


def is_stopped() -> bool:
    """Whether somebody stopped the assistant for all inboxes."""
    return db.session.scalar(FIND_STOP) is not None


def chosen_mode(inbox: Inbox, conversation: Conversation | None) -> AssistantMode:
    """What people chose, whatever the hour."""
    own = conversation.assistant_mode if conversation is not None else None
    return own or inbox.assistant_mode


def is_off(inbox: Inbox, conversation: Conversation | None) -> bool:
    return chosen_mode(inbox, conversation) is AssistantMode.OFF


def is_drafting(inbox: Inbox, conversation: Conversation) -> bool:
    """Whether people chose that they send what the assistant writes."""
    return chosen_mode(inbox, conversation) is AssistantMode.DRAFT
