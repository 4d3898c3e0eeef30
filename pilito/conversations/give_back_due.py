"""By the rule of its inbox a conversation goes back to the assistant, hours after a person's last word in it."""

from datetime import datetime, timedelta

from sqlalchemy import Select, func, select

from pilito.conversations import turns
from pilito.conversations.duty import is_stopped
from pilito.conversations.lock import get_locked, mark_changed
from pilito.conversations.one_by_one import one_by_one
from pilito.conversations.take_over import to_assistant
from pilito.database import transaction
from pilito.lifecycle import AssistantMode, ConversationState
from pilito.models import Conversation, Inbox, db
from pilito.queries.panel import is_waiting_too_long

BATCH = 200


def give_back_due(now: datetime) -> int:
    """Give back what no person has written in for the hours of its inbox; return how many.

    What has waited by then for longer than its inbox allows is not asked: an answer out of the blue, hours later, helps
    nobody. It stays before people (*Needs you*), and the customer's next message is answered together with it. What
    waits for less is asked: people would not see it any more.
    """
    if is_stopped():
        return 0
    rules = db.session.execute(select(Inbox.id, Inbox.give_back_hours).where(Inbox.give_back_hours.is_not(None))).all()
    due = [
        conversation_id
        for inbox_id, hours in rules
        if hours is not None
        for conversation_id in db.session.scalars(due_in(inbox_id, now - timedelta(hours=hours)))
    ]
    one_by_one("given_back", due, lambda conversation_id: _give_back(conversation_id, now))
    return len(due)


def due_in(inbox_id: int, until: datetime) -> Select[int]:
    mode = func.coalesce(Conversation.assistant_mode, Inbox.assistant_mode)
    return (
        select(Conversation.id)
        .join(Conversation.inbox)
        .where(
            Conversation.state == ConversationState.OPERATOR,
            Conversation.person_at <= until,
            Conversation.inbox_id == inbox_id,
            mode != AssistantMode.OFF,
            Conversation.snoozed_until.is_(None),  # somebody means to see to it then
            Conversation.returned_at.is_(None),
        )
        .order_by(Conversation.person_at)
        .limit(BATCH)
    )


def _give_back(conversation_id: int, now: datetime) -> None:
    with transaction() as tx:
        conversation = get_locked(conversation_id)
        hours = conversation.inbox.give_back_hours
        if conversation.state is not ConversationState.OPERATOR or conversation.person_at is None or hours is None:
            return
        if conversation.snoozed_until is not None or conversation.returned_at is not None:
            return
        if conversation.person_at > now - timedelta(hours=hours):
            return  # a person wrote meanwhile
        to_assistant(conversation, None, now, rule_hours=hours)
        if not is_waiting_too_long(conversation, now):
            turns.ask_unanswered(tx, conversation, now)
        mark_changed(tx, conversation)
