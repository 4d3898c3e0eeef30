"""Who a customer is: asked of the provider beside everything else, so that no message ever waits for it."""

import logging
from datetime import datetime, timedelta

from pilito import hints, keys
from pilito.channels.base import Account, Profile
from pilito.conversations.account import open_account
from pilito.conversations.lock import get_locked, mark_changed
from pilito.database import Transaction, transaction
from pilito.errors import ChannelError
from pilito.extensions import channels
from pilito.lifecycle import InboxState
from pilito.models import Conversation, db

log = logging.getLogger(__name__)

# A picture's address dies within days; a name seldom changes.
FRESH = timedelta(days=3)
# Without consent (the customer has not written yet, or blocked us) the next message may find it given.
FRESH_WHEN_NAMELESS = timedelta(hours=1)


def ask_for_profile(tx: Transaction, conversation: Conversation, now: datetime) -> None:
    """Have a worker ask when what we know is old; a message of the customer is the moment for it."""
    customer = conversation.customer
    is_nameless = customer.name is None and customer.username is None
    fresh = FRESH_WHEN_NAMELESS if is_nameless else FRESH
    if customer.profile_asked_at is None or now - customer.profile_asked_at > fresh:
        customer.profile_asked_at = now
        tx.after_commit(hints.hint, keys.PROFILES, keys.PROFILE_JOB, conversation.id)


def fetch_profile(conversation_id: int) -> None:
    """Ask the provider and keep what it tells; a refusal leaves the customer as they are."""
    found = _find_account(conversation_id)
    if found is None:
        return
    channel, account, customer_id = found
    try:
        profile = channels[channel].profile(account, customer_id)
    except ChannelError as error:
        log.info("No profile for conversation %s: %s", conversation_id, error.reason)
        return
    _keep(conversation_id, profile)


def _find_account(conversation_id: int) -> tuple[str, Account, str] | None:
    conversation = db.session.get(Conversation, conversation_id)
    if conversation is None or conversation.inbox.state is InboxState.STOPPED:
        return None
    inbox, customer_id = conversation.inbox, conversation.customer.external_id
    account, channel = open_account(inbox), inbox.channel
    db.session.rollback()  # no session is open during the call
    return (channel, account, customer_id) if account else None


def _keep(conversation_id: int, profile: Profile) -> None:
    with transaction() as tx:
        conversation = get_locked(conversation_id)
        customer = conversation.customer
        known = (customer.name, customer.username, customer.picture_url)
        customer.name = profile.name or customer.name
        customer.username = profile.username or customer.username
        customer.picture_url = profile.picture_url
        if (customer.name, customer.username, customer.picture_url) != known:
            mark_changed(tx, conversation)
