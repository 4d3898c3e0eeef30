"""Send a reply, part by part: `sending` is committed before the call, its outcome after it.

A part whose outcome is not known is never sent again in silence: an echo settles it, or a person does.
"""

import logging
import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, select
from sqlalchemy.orm import contains_eager, joinedload

from pilito import failpoints, hints, keys
from pilito.channels.base import Account, Outbound, Permission, Receipt
from pilito.clock import Clock
from pilito.conversations import outbox, pace, turns, void
from pilito.conversations.account import open_account
from pilito.conversations.disconnect import stop
from pilito.conversations.draft_facts import facts_changed
from pilito.conversations.drafts import columns_of
from pilito.conversations.duty import is_drafting, is_off, is_stopped
from pilito.conversations.echo import drop_mistaken, settle_as_sent
from pilito.conversations.hand_over import call_people, hand_over
from pilito.conversations.lock import get_locked, mark_changed
from pilito.conversations.outbox import next_delivery, wake_next
from pilito.conversations.payload import is_reaction, outbound_of, readdressed
from pilito.conversations.public_file import public_address
from pilito.database import Transaction, transaction
from pilito.errors import ChannelError, Remedy
from pilito.extensions import channels
from pilito.lifecycle import ConversationState, DeliveryState, HandOverReason, InboxState, Sender
from pilito.models import Conversation, Delivery, Message, db
from pilito.models.delivery import VOID

log = logging.getLogger(__name__)

LEASE_SECONDS = 60  # above the channel's time-outs: who is later than this may have sent or not
TRIES = 5
# Where there was no connection, so that surely nothing left: with their pauses some ten minutes.
NOT_REACHED, NOT_REACHED_TRIES = "temporary", 15
FIRST_PAUSE_SECONDS = 2.0
LONGEST_PAUSE_SECONDS = 60.0  # what can be sent again is sent within two minutes
ERROR_TEXT_CHARACTERS = 500
# What waited so long is held against its facts before it leaves: a shop's feed may have been read meanwhile.
LONG_WAIT = timedelta(minutes=10)
DRAFTS_ONLY = "drafts_only"
ASKED_ANEW = ("taken_over", DRAFTS_ONLY)  # why a reply fails whose question is the assistant's, if it holds it
CLAIMED_DELIVERY = (
    select(Delivery)
    .join(Delivery.message)
    .where(Delivery.id == bindparam("delivery"))
    .options(contains_eager(Delivery.message))
    .execution_options(populate_existing=True)
)


@dataclass(frozen=True)
class Claim:
    delivery_id: int
    message_id: int
    conversation_id: int
    inbox_id: int
    attempt: int
    is_last: bool  # of its reply's parts
    channel: str
    account: Account
    outbound: Outbound


def deliver(message_id: int, clock: Clock) -> None:
    """Send what is left of this reply, in order; harmless to call at any time, however often."""
    claim = _claim(message_id, clock())
    if claim is not None:
        _send_all(claim, clock)


def send(claim: Claim, clock: Clock) -> None:
    """Send the reply whose first part `begin` claimed, when the limits of its account allow it now; else later."""
    limits = channels[claim.channel].limits(claim.outbound)
    wait_seconds = pace.wait_seconds(claim.inbox_id, limits)
    if wait_seconds:
        _put_back(claim, wait_seconds, clock())
    else:
        _send_all(claim, clock)


def _put_back(claim: Claim, wait_seconds: float, now: datetime) -> None:
    """Nothing was sent: the part is pending again, and goes later."""
    with transaction("p9") as tx:
        conversation = get_locked(claim.conversation_id)
        delivery = db.session.scalars(CLAIMED_DELIVERY, {"delivery": claim.delivery_id}).one()
        if delivery.state is DeliveryState.SENDING and delivery.attempt == claim.attempt:
            delivery.state, delivery.lease_until = DeliveryState.PENDING, None
            _postpone(tx, delivery, now + timedelta(seconds=wait_seconds))
            void.void_returned(tx, conversation, delivery.message, delivery.error, now)


def _send_all(claim: Claim, clock: Clock) -> None:
    """Send the part that was claimed, then the others of its reply."""
    following: Claim | None = claim
    while following is not None:
        _send(following, clock)
        following = None if following.is_last else _claim(claim.message_id, clock())


def begin(tx: Transaction, conversation: Conversation, message: Message, now: datetime) -> Claim | None:
    """Claim a reply in the transaction that records it: who wrote it sends it, with no job and no commit between.

    Its rows are not flushed yet, so whatever is unfinished is of an earlier reply. What cannot leave now (an earlier
    one goes first, the inbox is stopped or must rest) is left to its own job.
    """
    first = message.deliveries[0]
    account = open_account(conversation.inbox)
    inbox = conversation.inbox
    is_free = inbox.state is InboxState.ACTIVE and not pace.rest_seconds(inbox, 0, now)
    if account is None or not is_free or next_delivery(conversation.id) is not None:
        outbox.leave(tx, conversation, message, now)
        return None
    _lease(first, now)
    db.session.flush()
    return _claimed(first, conversation, account, now)


def _send(claim: Claim, clock: Clock) -> None:
    try:
        with failpoints.around("p8"):
            receipt = channels[claim.channel].send(claim.account, claim.outbound)
    except ChannelError as error:
        _record_error(claim, error, clock())
    else:
        _record_sent(claim, receipt, clock())


def _claim(message_id: int, now: datetime) -> Claim | None:
    waiting = _find_waiting(message_id)
    if waiting is None:
        return None
    conversation_id, wait_seconds = waiting
    with transaction("p7") as tx:
        conversation = get_locked(conversation_id)
        delivery = next_delivery(conversation.id)
        if delivery is None or delivery.state is not DeliveryState.PENDING or delivery.due_at > now:
            return None
        if delivery.message_id != message_id:
            # An earlier reply goes first; its own job sends it and wakes ours.
            tx.after_commit(hints.hint, keys.DELIVERIES, keys.DELIVER_JOB, delivery.message_id)
            return None
        if conversation.inbox.state is InboxState.STOPPED:
            return None  # it waits until somebody connects the inbox again
        permission = _permission(conversation, delivery, now)
        if not permission:
            _fail(tx, conversation, delivery, permission.reason, now)
            return None
        rest_seconds = pace.rest_seconds(conversation.inbox, wait_seconds, now)
        if rest_seconds:
            _postpone(tx, delivery, now + timedelta(seconds=rest_seconds))
            return None
        account = open_account(conversation.inbox)
        if account is None:
            stop(tx, conversation.inbox, None, "token_unreadable", now)
            mark_changed(tx, conversation, delivery.message)
            return None
        if _is_outdated(conversation, delivery, now):
            void.void_outdated(tx, conversation, delivery.message, now)
            return None
        delivery.tag = permission.tag  # what waited may need another one by now
        _lease(delivery, now)
        return _claimed(delivery, conversation, account, now)


def _find_waiting(message_id: int) -> tuple[int, float] | None:
    """The conversation of this reply's next part, and how long the account's limits ask it to wait.

    Asked before the transaction: none is open while Redis is asked.
    """
    part = db.session.scalar(
        select(Delivery)
        .where(Delivery.message_id == message_id, Delivery.state == DeliveryState.PENDING)
        .options(joinedload(Delivery.inbox))
        .order_by(Delivery.position)
        .limit(1)
    )
    if part is None:
        return None
    channel, inbox_id, conversation_id = part.inbox.channel, part.inbox_id, part.conversation_id
    limits = channels[channel].limits(outbound_of("", part.text, part.tag, part.payload))
    db.session.rollback()
    return conversation_id, pace.wait_seconds(inbox_id, limits)


def _postpone(tx: Transaction, delivery: Delivery, until: datetime) -> None:
    """Only the time moves: later replies of the conversation wait behind it, and the window is looked at again."""
    delivery.due_at = until
    job_id = f"deliver-{delivery.id}-{delivery.attempt}-later"
    tx.after_commit(hints.hint_at, until, job_id, keys.DELIVERIES, keys.DELIVER_JOB, delivery.message_id)


def _permission(conversation: Conversation, delivery: Delivery, now: datetime) -> Permission:
    """Whether this part may still leave, and the tag it needs."""
    by_person = delivery.message.sender is Sender.OPERATOR
    if conversation.customer.is_going:
        return Permission("customer_erased")  # it was being sent when that began, and did not arrive
    if not by_person and delivery.message.epoch != conversation.epoch:
        return Permission("taken_over")
    if not by_person and is_stopped():
        return Permission("assistant_stopped")
    if not by_person and is_off(conversation.inbox, conversation):
        return Permission("assistant_off")  # a reply may wait for hours, where the inbox has to rest
    if _waits_for_a_person_now(conversation, delivery):
        return Permission(DRAFTS_ONLY)
    permission: Permission = channels[conversation.inbox.channel].may_send(
        by_person, conversation.last_customer_message_at, now
    )
    return permission


def _waits_for_a_person_now(conversation: Conversation, delivery: Delivery) -> bool:
    """Whether this is an answer that was recorded before people chose to send the answers themselves. One that has
    begun to leave is finished."""
    message = delivery.message
    is_answer = message.sender is Sender.ASSISTANT and message.origin is None
    return is_answer and delivery.position == 0 and is_drafting(conversation.inbox, conversation)


def _is_outdated(conversation: Conversation, delivery: Delivery, now: datetime) -> bool:
    """Whether this is an answer of the assistant that waited long, where the account had to rest or was stopped, and
    whose facts are others by now. One that has begun to leave is finished."""
    message = delivery.message
    is_whole = all(part.state is DeliveryState.PENDING for part in message.deliveries)
    waited_long = now - message.created_at >= LONG_WAIT
    if message.sender is not Sender.ASSISTANT or not (is_whole and waited_long):
        return False
    proof = message.proof  # none of the line that a person will answer
    return proof is not None and facts_changed(conversation, columns_of(proof), message.created_at, now)


def _lease(delivery: Delivery, now: datetime) -> None:
    delivery.state = DeliveryState.SENDING
    delivery.attempt += 1
    delivery.lease_until = now + timedelta(seconds=LEASE_SECONDS)
    delivery.error = delivery.error_code = delivery.error_text = None  # an earlier attempt's


def _claimed(delivery: Delivery, conversation: Conversation, account: Account, now: datetime) -> Claim:
    return Claim(
        delivery_id=delivery.id,
        message_id=delivery.message.id,
        conversation_id=conversation.id,
        inbox_id=conversation.inbox_id,
        attempt=delivery.attempt,
        is_last=delivery.position == len(delivery.message.deliveries) - 1,
        channel=conversation.inbox.channel,
        account=account,
        outbound=readdressed(
            outbound_of(conversation.customer.provider_id, delivery.text, delivery.tag, delivery.payload),
            lambda media_id: public_address(media_id, now),
        ),
    )


# --- outcomes --------------------------------------------------------------------------------------------------------


def _record_sent(claim: Claim, receipt: Receipt, now: datetime) -> None:
    with transaction("p9") as tx:
        conversation = get_locked(claim.conversation_id)
        delivery = db.session.scalars(CLAIMED_DELIVERY, {"delivery": claim.delivery_id}).one()
        if delivery.state in (DeliveryState.SENDING, DeliveryState.UNKNOWN):
            drop_mistaken(tx, conversation, delivery, receipt.external_id, now)
            settle_as_sent(tx, conversation, delivery, receipt.external_id, now)
        pace.pause(conversation.inbox, pace.pause_seconds(receipt.usage), now)
        wake_next(tx, conversation)
    log.info("Delivery %s was sent in conversation %s.", claim.delivery_id, claim.conversation_id)


def _record_error(claim: Claim, error: ChannelError, now: datetime) -> None:
    log.warning("Delivery %s: %s", claim.delivery_id, error.slug)
    with transaction("p9") as tx:
        conversation = get_locked(claim.conversation_id)
        delivery = db.session.scalars(CLAIMED_DELIVERY, {"delivery": claim.delivery_id}).one()
        if delivery.state is not DeliveryState.SENDING or delivery.attempt != claim.attempt:
            return  # an echo settled it meanwhile, and woke the next
        mark = delivery.error
        delivery.error, delivery.error_code = error.reason, error.code[:64]
        delivery.error_text = error.message[:ERROR_TEXT_CHARACTERS]
        delivery.lease_until = None
        if error.remedy is Remedy.STOP_INBOX:
            _wait_for_token(tx, conversation, delivery, claim.account, now)
        elif error.remedy is Remedy.RETRY and (error.retry_after_seconds or delivery.attempt < _tries(error)):
            # Told how long to wait, it waits however often it is told: the window ends that, not a count.
            _retry(tx, conversation, delivery, error, now)
        elif error.remedy is Remedy.UNKNOWN:
            mark_unknown(tx, conversation, delivery, now)
        elif mark in VOID:
            delivery.state = DeliveryState.PENDING  # and void, below: nobody waits for it, so nobody is called
        else:
            _fail(tx, conversation, delivery, error.reason, now)
        void.void_returned(tx, conversation, delivery.message, mark, now)


def _tries(error: ChannelError) -> int:
    return NOT_REACHED_TRIES if error.reason == NOT_REACHED else TRIES


def _wait_for_token(
    tx: Transaction, conversation: Conversation, delivery: Delivery, used: Account, now: datetime
) -> None:
    """The part waits for a new connection, what comes in is kept; with one that was made meanwhile it goes at once."""
    delivery.state = DeliveryState.PENDING
    mark_changed(tx, conversation, delivery.message)
    if not stop(tx, conversation.inbox, used, delivery.error or "", now):
        wake_next(tx, conversation)


def _retry(tx: Transaction, conversation: Conversation, delivery: Delivery, error: ChannelError, now: datetime) -> None:
    pause = min(FIRST_PAUSE_SECONDS * 2 ** (delivery.attempt - 1), LONGEST_PAUSE_SECONDS)
    pace.pause(conversation.inbox, error.retry_after_seconds, now)
    pause = max(error.retry_after_seconds, pause * random.uniform(0.75, 1.25))  # noqa: S311  (jitter, no secret)
    delivery.state = DeliveryState.PENDING
    delivery.due_at = now + timedelta(seconds=pause)
    mark_changed(tx, conversation, delivery.message)
    job_id = f"deliver-{delivery.id}-{delivery.attempt}"
    tx.after_commit(hints.hint_at, delivery.due_at, job_id, keys.DELIVERIES, keys.DELIVER_JOB, delivery.message_id)


def mark_unknown(tx: Transaction, conversation: Conversation, delivery: Delivery, now: datetime) -> None:
    """It may have been sent: people are asked, and the rest of the reply stays."""
    if is_reaction(delivery.payload):
        _drop_reaction(tx, conversation, delivery, "outcome_unknown")
        return
    delivery.state = DeliveryState.UNKNOWN
    delivery.unknown_at = now
    delivery.error = "outcome_unknown"
    delivery.lease_until = None
    _stop_rest(delivery)
    if conversation.state is not ConversationState.HANDED_OVER:
        call_people(tx, conversation, HandOverReason.DELIVERY_UNKNOWN, delivery.error, now)
    mark_changed(tx, conversation, delivery.message)
    wake_next(tx, conversation)


def _fail(tx: Transaction, conversation: Conversation, delivery: Delivery, reason: str, now: datetime) -> None:
    if is_reaction(delivery.payload):
        _drop_reaction(tx, conversation, delivery, reason)
        return
    delivery.state = DeliveryState.FAILED
    delivery.error = reason
    _stop_rest(delivery)
    freed = turns.unanswer(conversation, delivery.message)
    if reason in ASKED_ANEW and not _is_half_said(conversation, delivery):
        turns.ask_unanswered(tx, conversation, now)  # given back since, or given to drafts: the assistant answers anew
    elif reason == "assistant_stopped":
        hand_over(tx, conversation, HandOverReason.STOPPED, "", now)
    elif _must_be_seen(conversation, delivery):
        call_people(tx, conversation, HandOverReason.DELIVERY_FAILED, reason, now)
        turns.wait_with(conversation, freed)  # nobody did while it was closed
    else:
        hand_over(tx, conversation, HandOverReason.DELIVERY_FAILED, reason, now)
    mark_changed(tx, conversation, delivery.message)
    wake_next(tx, conversation)


def _must_be_seen(conversation: Conversation, delivery: Delivery) -> bool:
    """Whether nobody would look at it: the conversation was closed, or put off, right after writing, and whoever wrote
    it, or read it in the thread, believes it is said."""
    is_closed = conversation.state is ConversationState.CLOSED
    return is_closed or _is_of_who_holds_it(conversation, delivery) or _is_half_said(conversation, delivery)


def _is_half_said(conversation: Conversation, delivery: Delivery) -> bool:
    """Whether an answer is left of which the beginning is out, so that what it answered counts as answered, and nobody
    would look at it: the assistant holds the conversation still or again, or a person put it away without a word."""
    if all(part.state is not DeliveryState.SENT for part in delivery.message.deliveries):
        return False
    if conversation.state is ConversationState.ASSISTANT:
        return True
    is_put_away = conversation.state is ConversationState.CLOSED or conversation.snoozed_until is not None
    return is_put_away and not turns.replied_by_people(conversation, delivery.message)


def _is_of_who_holds_it(conversation: Conversation, delivery: Delivery) -> bool:
    """Whether a person wrote it, and people hold the conversation: what the assistant had under way when they took over
    is no reason to take it from them."""
    return delivery.message.sender is Sender.OPERATOR and conversation.state is ConversationState.OPERATOR


def _drop_reaction(tx: Transaction, conversation: Conversation, delivery: Delivery, reason: str) -> None:
    """Nobody waits for an emoji on a message, and no echo tells of one: whoever has the conversation keeps it."""
    delivery.state, delivery.error, delivery.lease_until = DeliveryState.FAILED, reason, None
    mark_changed(tx, conversation, delivery.message)
    wake_next(tx, conversation)


def _stop_rest(delivery: Delivery) -> None:
    """The later parts of a reply make no sense without the earlier ones."""
    for part in delivery.message.deliveries:
        if part.position > delivery.position and part.state is DeliveryState.PENDING:
            part.state = DeliveryState.FAILED
            part.error = "earlier_part_failed"
