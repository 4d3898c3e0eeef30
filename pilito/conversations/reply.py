"""A person of the shop (or a program with a token) answers the customer."""

from datetime import datetime, timedelta

from sqlalchemy import select

from pilito.conversations import outbox
from pilito.conversations.came_back import see_to
from pilito.conversations.drafts import go_stale
from pilito.conversations.lock import get_locked, mark_changed, refuse_blocked
from pilito.conversations.meanwhile import refuse_answered
from pilito.conversations.payload import NOTHING, Extras
from pilito.conversations.take_over import settle_answered, to_people
from pilito.database import Transaction, transaction
from pilito.errors import Refused, Unsendable
from pilito.extensions import channels
from pilito.lifecycle import InboxState, Sender
from pilito.models import Conversation, Delivery, Message, db
from pilito.spelling import storable

LONGEST_REPLY_CHARACTERS = 20_000
TAKEN_BACK = "✕"  # a reaction that was ours


def reply(
    conversation_id: int,
    operator_id: int | None,
    text: str,
    client_id: str,
    now: datetime,
    extras: Extras = NOTHING,
    seen_id: int | None = None,
    hold: timedelta = timedelta(0),
) -> Message:
    """Record the reply and have it sent; the same `client_id` again returns the same reply.

    It leaves after `hold`; until then whoever wrote it may take it back (conversations/retract.py).

    `seen_id` is the newest message that the writer had seen; see `refuse_answered`.
    Raises Refused (not_found, empty, too_long, blocked, reply_to_unknown, inbox_stopped, window_closed,
    customer_has_not_written, answered_meanwhile), and Unsendable for what the channel would not take.
    """
    text = storable(text).strip()
    client_id = storable(client_id)
    if not text and not extras.has_content:
        raise Refused("empty", "A reply needs a text.")
    if len(text) > LONGEST_REPLY_CHARACTERS:
        raise Refused("too_long", f"A reply has at most {LONGEST_REPLY_CHARACTERS} characters.")
    if text and extras.reaction is not None:
        raise Unsendable("mixed", "Expected a reaction alone, or a text without one.")
    with transaction("p6") as tx:
        conversation = get_locked(conversation_id)
        known = _find_known(conversation_id, client_id)
        if known is not None:
            return known
        check_may_send(conversation, now)
        _check_reply_to(conversation, extras)
        refuse_answered(conversation, operator_id, seen_id)
        if extras.reaction is None:  # a heart on a message answers nothing
            to_people(conversation, operator_id, "answered by a person", now)
            go_stale(conversation, "person_wrote")
            see_to(conversation)
            conversation.person_at = now
        message = outbox.add_reply(conversation, Sender.OPERATOR, text, now, extras)
        message.operator_id, message.client_id = operator_id, client_id
        if extras.reaction is not None:
            message.text = message.content = extras.reaction.emoji or TAKEN_BACK
        send_after(tx, conversation, message, now, hold if extras.reaction is None else timedelta(0))
        if extras.reaction is not None:
            mark_changed(tx, conversation, message)
            return message
        # By our clock, which the provider's may be ahead of: what the person saw must not be answered once more.
        settle_answered(conversation, message, Message.created_at <= now)
        conversation.unread_count = 0
        mark_changed(tx, conversation, message)
        return message


def is_recorded(conversation_id: int, client_id: str) -> bool:
    """Whether this reply is here already, by the browser's id of it."""
    return _find_known(conversation_id, storable(client_id)) is not None


def send_after(tx: Transaction, conversation: Conversation, message: Message, now: datetime, hold: timedelta) -> None:
    """Have the reply sent when its time to be taken back is over; at once where it could not be sent by then."""
    until = now + hold
    channel = channels[conversation.inbox.channel]
    if hold and channel.may_send(True, conversation.last_customer_message_at, until):
        outbox.hold(tx, message, until)
    else:
        outbox.leave(tx, conversation, message, now)


def _find_known(conversation_id: int, client_id: str) -> Message | None:
    return db.session.scalar(
        select(Message).where(Message.conversation_id == conversation_id, Message.client_id == client_id)
    )


def _check_reply_to(conversation: Conversation, extras: Extras) -> None:
    """What is answered is a message of this conversation, and still there."""
    if extras.reply_to_external_id and not _is_here(conversation, extras.reply_to_external_id):
        raise Refused("reply_to_unknown", "reply_to: expected the external_id of a message of this conversation.")


def _is_here(conversation: Conversation, external_id: str) -> bool:
    theirs = select(Message.id).where(
        Message.conversation_id == conversation.id,
        Message.external_id == external_id,
        Message.deleted_at.is_(None),
    )
    ours = select(Delivery.id).where(Delivery.conversation_id == conversation.id, Delivery.external_id == external_id)
    return any(db.session.scalar(found.limit(1)) is not None for found in (theirs, ours))


def check_may_send(conversation: Conversation, now: datetime) -> None:
    """Raise Refused where a person may not send a message now. The tag that it needs is chosen when it leaves."""
    refuse_blocked(conversation)
    inbox = conversation.inbox
    if inbox.state is InboxState.STOPPED:
        raise Refused("inbox_stopped", "This inbox is disconnected; connect it again, then send.")
    permission = channels[inbox.channel].may_send(True, conversation.last_customer_message_at, now)
    if not permission:
        raise Refused(permission.reason, f"{channels[inbox.channel].title} does not allow a message now.")
