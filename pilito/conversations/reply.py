"""A person of the shop (or a program with a token) answers the customer."""

from datetime import datetime

from sqlalchemy import select

from pilito.conversations import outbox
from pilito.conversations.lock import get_locked, mark_changed
from pilito.conversations.take_over import settle_answered, to_people
from pilito.database import transaction
from pilito.errors import Refused
from pilito.extensions import channels
from pilito.lifecycle import InboxState, Sender
from pilito.models import Conversation, Message, db

LONGEST_REPLY_CHARACTERS = 20_000


def reply(conversation_id: int, operator_id: int | None, text: str, client_id: str, now: datetime) -> Message:
    """Record the reply and have it sent; the same `client_id` again returns the same reply.

    Raises Refused (not_found, empty, too_long, inbox_stopped, window_closed, customer_has_not_written).
    """
    text = _storable(text).strip()
    client_id = _storable(client_id)
    if not text:
        raise Refused("empty", "A reply needs a text.")
    if len(text) > LONGEST_REPLY_CHARACTERS:
        raise Refused("too_long", f"A reply has at most {LONGEST_REPLY_CHARACTERS} characters.")
    with transaction() as tx:
        conversation = get_locked(conversation_id)
        known = _find_known(conversation, client_id)
        if known is not None:
            return known
        tag = _permission_tag(conversation, now)
        to_people(conversation, operator_id, "answered by a person", now)
        message = outbox.add_reply(conversation, Sender.OPERATOR, text, now, tag=tag)
        message.operator_id, message.client_id = operator_id, client_id
        outbox.leave(tx, conversation, message, now)
        # By our clock, which the provider's may be ahead of: what the person saw must not be answered once more.
        settle_answered(conversation, message, Message.created_at <= now)
        conversation.unread_count = 0
        mark_changed(tx, conversation, message)
        return message


def _storable(text: str) -> str:
    """PostgreSQL's text holds no NUL, and UTF-8 no lone surrogate."""
    return text.replace("\x00", "").encode(errors="replace").decode()


def _find_known(conversation: Conversation, client_id: str) -> Message | None:
    return db.session.scalar(
        select(Message).where(Message.conversation_id == conversation.id, Message.client_id == client_id)
    )


def _permission_tag(conversation: Conversation, now: datetime) -> str | None:
    inbox = conversation.inbox
    if inbox.state is InboxState.STOPPED:
        raise Refused("inbox_stopped", "This inbox is disconnected; connect it again, then send.")
    permission = channels[inbox.channel].may_send(True, conversation.last_customer_message_at, now)
    if not permission:
        raise Refused(permission.reason, f"{channels[inbox.channel].title} does not allow a message now.")
    return permission.tag
