"""Send a reply, part by part: `sending` is committed before the call, its outcome after it.

A part whose outcome is not known is never sent again in silence: an echo settles it, or a person does.
"""

import logging
import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography.fernet import InvalidToken
from sqlalchemy import select

from pilito import hints, keys
from pilito.channels.base import Account, Outbound
from pilito.clock import Clock
from pilito.conversations import turns
from pilito.conversations.echo import settle_as_sent
from pilito.conversations.hand_over import call_people, hand_over
from pilito.conversations.lock import get_locked, mark_changed
from pilito.conversations.outbox import next_delivery, wake_next
from pilito.conversations.store import find_message
from pilito.database import Transaction, transaction
from pilito.errors import ChannelError, Remedy
from pilito.extensions import channels, vault
from pilito.lifecycle import ConversationState, DeliveryState, HandOverReason, InboxState, Sender
from pilito.models import Conversation, Delivery, Message, db

log = logging.getLogger(__name__)

LEASE_SECONDS = 60  # above the channel's time-outs: who is later than this may have sent or not
TRIES = 5
FIRST_PAUSE_SECONDS = 2.0
LONGEST_PAUSE_SECONDS = 120.0
ERROR_TEXT_CHARACTERS = 500


@dataclass(frozen=True)
class Claim:
    delivery_id: int
    conversation_id: int
    attempt: int
    is_last: bool  # of its reply's parts
    channel: str
    account: Account
    outbound: Outbound


def deliver(message_id: int, clock: Clock) -> None:
    """Send what is left of this reply, in order; harmless to call at any time, however often."""
    claim = _claim(message_id, clock())
    while claim is not None:
        _send(claim, clock)
        claim = None if claim.is_last else _claim(message_id, clock())


def _send(claim: Claim, clock: Clock) -> None:
    try:
        receipt = channels[claim.channel].send(claim.account, claim.outbound)
    except ChannelError as error:
        _record_error(claim, error, clock())
    else:
        _record_sent(claim, receipt.external_id, clock())


def _claim(message_id: int, now: datetime) -> Claim | None:
    first = db.session.scalar(select(Delivery).where(Delivery.message_id == message_id).limit(1))
    if first is None:
        return None
    with transaction() as tx:
        conversation = get_locked(first.conversation_id)
        delivery = next_delivery(conversation.id)
        if delivery is None or delivery.state is not DeliveryState.PENDING or delivery.due_at > now:
            return None
        if delivery.message_id != message_id:
            # An earlier reply goes first; its own job sends it and wakes ours.
            tx.after_commit(hints.hint, keys.DELIVERIES, keys.DELIVER_JOB, delivery.message_id)
            return None
        if conversation.inbox.state is InboxState.STOPPED:
            return None  # it waits until somebody connects the inbox again
        refusal = _refusal(conversation, delivery, now)
        if refusal:
            _fail(tx, conversation, delivery, refusal, now)
            return None
        account = _open_account(conversation)
        if account is None:
            _stop_inbox(tx, conversation, delivery, "token_unreadable")
            return None
        return _start(delivery, conversation, account, now)


def _refusal(conversation: Conversation, delivery: Delivery, now: datetime) -> str:
    """Why this part may not leave any more; empty when it may."""
    by_person = delivery.message.sender is Sender.OPERATOR
    if not by_person and delivery.message.epoch != conversation.epoch:
        return "taken_over"
    return channels[conversation.inbox.channel].may_send(by_person, conversation.last_customer_message_at, now).reason


def _open_account(conversation: Conversation) -> Account | None:
    """The account with its token; None when no key of ours opens it any more."""
    inbox = conversation.inbox
    try:
        return Account(inbox.external_id, vault.decrypt(inbox.token_encrypted).decode(), dict(inbox.options))
    except InvalidToken:
        return None


def _start(delivery: Delivery, conversation: Conversation, account: Account, now: datetime) -> Claim:
    delivery.state = DeliveryState.SENDING
    delivery.attempt += 1
    delivery.lease_until = now + timedelta(seconds=LEASE_SECONDS)
    return Claim(
        delivery_id=delivery.id,
        conversation_id=conversation.id,
        attempt=delivery.attempt,
        is_last=delivery.position == len(delivery.message.deliveries) - 1,
        channel=conversation.inbox.channel,
        account=account,
        outbound=Outbound(conversation.customer.external_id, delivery.text, delivery.tag),
    )


# --- outcomes --------------------------------------------------------------------------------------------------------


def _record_sent(claim: Claim, external_id: str, now: datetime) -> None:
    with transaction() as tx:
        conversation = get_locked(claim.conversation_id)
        delivery = db.session.get_one(Delivery, claim.delivery_id, populate_existing=True)
        if delivery.state in (DeliveryState.SENDING, DeliveryState.UNKNOWN):
            _drop_mistaken_echo(tx, conversation, external_id)
            settle_as_sent(tx, conversation, delivery, external_id, now)
        wake_next(tx, conversation)


def _drop_mistaken_echo(tx: Transaction, conversation: Conversation, external_id: str) -> None:
    """An echo that came before this answer, and whose text the provider had changed, looked like a person's."""
    mistaken = find_message(conversation.inbox, external_id)
    if mistaken is not None and mistaken.sender is Sender.PHONE:
        mistaken.external_id = None
        mistaken.deleted_at = mistaken.created_at
        mistaken.text = mistaken.content = ""
        mark_changed(tx, conversation, mistaken)


def _record_error(claim: Claim, error: ChannelError, now: datetime) -> None:
    log.warning("Delivery %s: %s", claim.delivery_id, error)
    with transaction() as tx:
        conversation = get_locked(claim.conversation_id)
        delivery = db.session.get_one(Delivery, claim.delivery_id, populate_existing=True)
        if delivery.state is not DeliveryState.SENDING or delivery.attempt != claim.attempt:
            wake_next(tx, conversation)
            return  # an echo settled it meanwhile
        delivery.error, delivery.error_code = error.reason, error.code[:64]
        delivery.error_text = error.message[:ERROR_TEXT_CHARACTERS]
        delivery.lease_until = None
        if error.remedy is Remedy.STOP_INBOX:
            _stop_inbox(tx, conversation, delivery, error.reason)
        elif error.remedy is Remedy.RETRY and delivery.attempt < TRIES:
            _retry(tx, conversation, delivery, error, now)
        elif error.remedy is Remedy.UNKNOWN:
            mark_unknown(tx, conversation, delivery, now)
        else:
            _fail(tx, conversation, delivery, error.reason, now)


def _stop_inbox(tx: Transaction, conversation: Conversation, delivery: Delivery, reason: str) -> None:
    """Nothing of this account can be sent; what is pending waits for a new connection, what comes in is kept."""
    delivery.state = DeliveryState.PENDING
    conversation.inbox.state = InboxState.STOPPED
    conversation.inbox.stop_reason = reason
    mark_changed(tx, conversation, delivery.message)


def _retry(tx: Transaction, conversation: Conversation, delivery: Delivery, error: ChannelError, now: datetime) -> None:
    pause = min(FIRST_PAUSE_SECONDS * 2 ** (delivery.attempt - 1), LONGEST_PAUSE_SECONDS)
    pause = max(error.retry_after_seconds, pause * random.uniform(0.75, 1.25))  # noqa: S311  (jitter, no secret)
    delivery.state = DeliveryState.PENDING
    delivery.due_at = now + timedelta(seconds=pause)
    mark_changed(tx, conversation, delivery.message)
    job_id = f"deliver-{delivery.id}-{delivery.attempt}"
    tx.after_commit(hints.hint_at, delivery.due_at, job_id, keys.DELIVERIES, keys.DELIVER_JOB, delivery.message_id)


def mark_unknown(tx: Transaction, conversation: Conversation, delivery: Delivery, now: datetime) -> None:
    """It may have been sent: people are asked, and the rest of the reply stays."""
    delivery.state = DeliveryState.UNKNOWN
    delivery.unknown_at = now
    delivery.error = delivery.error or "outcome_unknown"
    delivery.lease_until = None
    _stop_rest(delivery)
    if conversation.state is not ConversationState.HANDED_OVER:
        call_people(tx, conversation, HandOverReason.DELIVERY_UNKNOWN, delivery.error, now)
    mark_changed(tx, conversation, delivery.message)
    wake_next(tx, conversation)


def _fail(tx: Transaction, conversation: Conversation, delivery: Delivery, reason: str, now: datetime) -> None:
    delivery.state = DeliveryState.FAILED
    delivery.error = reason
    _stop_rest(delivery)
    _unanswer(conversation, delivery)
    if reason == "taken_over":
        turns.ask_unanswered(tx, conversation, now)  # taken over and given back since: the assistant answers anew
    elif conversation.state is ConversationState.CLOSED:
        call_people(tx, conversation, HandOverReason.DELIVERY_FAILED, reason, now)  # closed right after writing
    else:
        hand_over(tx, conversation, HandOverReason.DELIVERY_FAILED, reason, now)
    mark_changed(tx, conversation, delivery.message)
    wake_next(tx, conversation)


def _unanswer(conversation: Conversation, delivery: Delivery) -> None:
    """Nothing of this reply reached the customer, who therefore still waits."""
    message = delivery.message
    if any(part.state is DeliveryState.SENT for part in message.deliveries):
        return
    waiting = db.session.scalars(
        select(Message)
        .where(Message.answered_by_id == message.id, Message.deleted_at.is_(None))
        .order_by(Message.sent_at)
    ).all()
    for question in waiting:
        question.answered_by_id = None
    if waiting and conversation.state is not ConversationState.CLOSED:
        since = conversation.unanswered_since
        conversation.unanswered_since = min(since, waiting[0].sent_at) if since else waiting[0].sent_at
        turns.count_unanswered(conversation)  # a lone share among them waits for nobody


def _stop_rest(delivery: Delivery) -> None:
    """The later parts of a reply make no sense without the earlier ones."""
    for part in delivery.message.deliveries:
        if part.position > delivery.position and part.state is DeliveryState.PENDING:
            part.state = DeliveryState.FAILED
            part.error = "earlier_part_failed"
