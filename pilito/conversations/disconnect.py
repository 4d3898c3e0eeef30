"""An inbox is stopped: by its owner, by the provider, or because its token is dead. Its conversations stay."""

import logging
from datetime import datetime

from sqlalchemy import or_, select

from pilito.channels.base import Account
from pilito.conversations.account import NO_TOKEN, open_account
from pilito.conversations.warn import warn_of_stop
from pilito.database import Transaction, transaction
from pilito.errors import ChannelError, Refused
from pilito.extensions import channels
from pilito.lifecycle import InboxState
from pilito.models import Audit, Inbox, db

log = logging.getLogger(__name__)

# A callback that was issued this long before the account was connected speaks of an earlier connection.
GRACE_SECONDS = 60


def disconnect(inbox_id: int, operator_id: int | None, now: datetime) -> None:
    """Have nothing posted to us any more, and forget the token. Raises Refused when there is no such inbox."""
    inbox = db.session.get(Inbox, inbox_id)
    if inbox is None:
        raise Refused("inbox_not_found", f"There is no inbox {inbox_id}.")
    account, channel = open_account(inbox), inbox.channel
    db.session.rollback()  # no session is open during the call
    if account is not None:
        try:
            channels[channel].connector.unsubscribe(account)
        except ChannelError as error:
            log.info("The provider still posts the events of inbox %s: %s", inbox_id, error.reason)
    with transaction():
        forget_token(db.session.get_one(Inbox, inbox_id, with_for_update=True), "disconnected", operator_id, now)


def deauthorize(channel: str, user_id: str, issued_at: datetime | None, now: datetime) -> list[int]:
    """The person took our permission back: forget the tokens of their accounts. Return the inboxes' ids.

    A request that is older than the newest connection is a repeat from before it, and does nothing.
    """
    with transaction() as tx:
        theirs = [inbox for inbox in find_theirs(channel, user_id) if not is_stale(inbox, issued_at)]
        for inbox in theirs:
            was_active = inbox.state is InboxState.ACTIVE
            forget_token(inbox, "deauthorized", None, now)
            if was_active:  # else they know
                warn_of_stop(tx, inbox, now)
        return [inbox.id for inbox in theirs]


def find_theirs(channel: str, user_id: str) -> list[Inbox]:
    """The inboxes of the person whom a callback names: by the app's id for them, or by the account's own."""
    is_theirs = or_(Inbox.app_user_id == user_id, Inbox.external_id == user_id)
    query = select(Inbox).where(Inbox.channel == channel, is_theirs).order_by(Inbox.id).with_for_update()
    return list(db.session.scalars(query.execution_options(populate_existing=True)))


def is_stale(inbox: Inbox, issued_at: datetime | None) -> bool:
    if issued_at is None or inbox.connected_at is None:
        return False
    return (inbox.connected_at - issued_at).total_seconds() > GRACE_SECONDS


def stop(tx: Transaction, inbox: Inbox, used: Account | None, reason: str, now: datetime) -> bool:
    """The token of the account that was used is dead: nothing can be sent until somebody connects again.

    In the caller's transaction. Return whether it was still the inbox's token: a newer one, kept while the old one was
    in use, goes on.
    """
    # As strong as the change itself: who only points at the inbox need not wait.
    db.session.refresh(inbox, with_for_update={"key_share": True})
    known = open_account(inbox)
    if (known and known.token) != (used and used.token):
        return False
    if inbox.state is InboxState.ACTIVE:
        inbox.state, inbox.stop_reason = InboxState.STOPPED, reason
        _audit("inbox_stopped", inbox, reason, None, now)
        warn_of_stop(tx, inbox, now)
    return True


def forget_token(inbox: Inbox, reason: str, operator_id: int | None, now: datetime) -> None:
    inbox.state, inbox.stop_reason = InboxState.STOPPED, reason
    inbox.token_encrypted = NO_TOKEN
    inbox.token_expires_at = inbox.token_error = None
    inbox.subscribed_fields = inbox.subscription_error = None
    _audit("inbox_disconnected", inbox, reason, operator_id, now)


def _audit(action: str, inbox: Inbox, reason: str, operator_id: int | None, now: datetime) -> None:
    details = {"inbox_id": inbox.id, "reason": reason}
    db.session.add(Audit(at=now, action=action, operator_id=operator_id, details=details))
