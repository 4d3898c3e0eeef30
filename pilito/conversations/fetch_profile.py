"""Who a customer is: asked of the provider beside everything else, so that no message ever waits for it."""

import logging
from datetime import datetime, timedelta

from pilito import hints, keys
from pilito.channels.base import Account, Profile
from pilito.conversations.account import open_account
from pilito.conversations.copies import leave_copies, new_copy, wake_copy
from pilito.conversations.lock import get_locked, mark_changed
from pilito.database import Transaction, transaction
from pilito.errors import ChannelError
from pilito.extensions import channels
from pilito.lifecycle import InboxState, MediaKind
from pilito.models import Conversation, Customer, db

log = logging.getLogger(__name__)

# A picture's address dies within days; a name seldom changes.
FRESH = timedelta(days=3)
FRESH_WHEN_NAMELESS = timedelta(hours=1)
CONSENT_MISSING = "consent_missing"  # the customer has not written yet: the next message may find it given


def ask_for_profile(tx: Transaction, conversation: Conversation, now: datetime) -> None:
    """Have a worker ask when what we know is old; a message of the customer is the moment for it."""
    customer = conversation.customer
    is_nameless = customer.name is None and customer.username is None
    fresh = FRESH_WHEN_NAMELESS if is_nameless else FRESH
    if customer.profile_asked_at is None or now - customer.profile_asked_at > fresh:
        customer.profile_asked_at = now
        tx.after_commit(hints.hint, keys.PROFILES, keys.PROFILE_JOB, conversation.id)


def fetch_profile(conversation_id: int, now: datetime) -> None:
    """Ask the provider and keep what it tells; a refusal leaves the customer as they are."""
    found = _find_account(conversation_id)
    if found is None:
        return
    channel, account, customer_id = found
    try:
        profile = channels[channel].profile(account, customer_id)
    except ChannelError as error:
        log.info("No profile for conversation %s: %s", conversation_id, error.reason)
        if error.reason == CONSENT_MISSING:
            _ask_again(conversation_id)
        return
    _keep(conversation_id, profile, now)


def _find_account(conversation_id: int) -> tuple[str, Account, str] | None:
    conversation = db.session.get(Conversation, conversation_id)
    if conversation is None or conversation.inbox.state is InboxState.STOPPED:
        return None
    inbox, customer_id = conversation.inbox, conversation.customer.provider_id
    account, channel = open_account(inbox), inbox.channel
    db.session.rollback()  # no session is open during the call
    return (channel, account, customer_id) if account else None


def _ask_again(conversation_id: int) -> None:
    """Let the next message ask, however soon it comes."""
    with transaction():
        get_locked(conversation_id).customer.profile_asked_at = None


def _keep(conversation_id: int, profile: Profile, now: datetime) -> None:
    with transaction() as tx:
        conversation = get_locked(conversation_id)
        customer = conversation.customer
        if customer.is_going:  # their files may have been gone through: nothing would drop a copy made now
            return
        known = (customer.name, customer.username, customer.picture_id)
        customer.name = profile.name or customer.name
        customer.username = profile.username or customer.username
        customer.picture_url = profile.picture_url
        _renew_picture(tx, customer, now)
        if (customer.name, customer.username, customer.picture_id) != known:
            mark_changed(tx, conversation)


def _renew_picture(tx: Transaction, customer: Customer, now: datetime) -> None:
    """Have the picture fetched anew; the copy we have is shown until then, and goes when there is no picture."""
    left = [customer.next_picture_id]
    customer.next_picture_id = None
    if customer.picture_url:
        copy = new_copy(customer.inbox_id, MediaKind.AVATAR, customer.picture_url, now)
        db.session.add(copy)
        db.session.flush()
        wake_copy(tx, copy)
        customer.next_picture_id = copy.id
    else:
        left.append(customer.picture_id)
        customer.picture_id = None
    leave_copies(tx, filter(None, left), now)
