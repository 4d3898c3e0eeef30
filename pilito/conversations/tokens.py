"""Tokens that end by time are renewed ten days before, and daily after a failure."""

import logging
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, or_, select, update

from pilito import mail
from pilito.channels.base import Account, Token
from pilito.conversations.account import open_account
from pilito.conversations.disconnect import stop
from pilito.conversations.warn import warn_of_end
from pilito.database import transaction
from pilito.errors import TOKEN_ENDED, ChannelError, Refused
from pilito.extensions import channels, vault
from pilito.lifecycle import InboxState
from pilito.models import Audit, Inbox, db

log = logging.getLogger(__name__)

RENEW_BEFORE = timedelta(days=10)  # the fiftieth of sixty days
TRY_AGAIN = timedelta(days=1)
WARN_BEFORE = timedelta(days=7)  # three failures, or a scheduler that stood still: the owner is told


def days_left(inbox: Inbox, now: datetime) -> int | None:
    """Whole days until the token ends, 0 when it has; None when it does not end by time, or nobody knows."""
    return None if inbox.token_expires_at is None else max(0, (inbox.token_expires_at - now).days)


def is_ending(inbox: Inbox, now: datetime) -> bool:
    """Whether the owner has to be told."""
    return inbox.token_expires_at is not None and inbox.token_expires_at - now <= WARN_BEFORE


def renew_due(now: datetime) -> int:
    """Renew every token whose time has come; return how many were renewed.

    Each is claimed when its turn comes: what breaks off at one costs no other its day.
    """
    return sum(_claim(inbox_id, now) and _renew(inbox_id, now) == "" for inbox_id in _find_due(now))


def warn_of_ends(now: datetime) -> int:
    """Tell owners and admins of every connection that ends within a week, once for each end; return how many."""
    if not mail.is_set_up():
        return 0  # and nothing is marked: it is told as soon as mail can leave
    ids = list(db.session.scalars(select(Inbox.id).where(*_untold(now)).order_by(Inbox.id)))
    db.session.rollback()
    return sum(_warn(inbox_id, now) for inbox_id in ids)


def _warn(inbox_id: int, now: datetime) -> bool:
    with transaction() as tx:
        # Looked at once more behind the lock: of two schedulers one tells.
        found = select(Inbox).where(Inbox.id == inbox_id, *_untold(now)).with_for_update()
        inbox = db.session.scalar(found.execution_options(populate_existing=True))
        if inbox is None:
            return False
        inbox.told_end_at = inbox.token_expires_at
        warn_of_end(tx, inbox, days_left(inbox, now) or 0, now)
        return True


def _untold(now: datetime) -> tuple[ColumnElement[bool], ...]:
    is_new = or_(Inbox.told_end_at.is_(None), Inbox.told_end_at != Inbox.token_expires_at)
    return Inbox.state == InboxState.ACTIVE, Inbox.token_expires_at <= now + WARN_BEFORE, is_new


def renew_now(inbox_id: int, now: datetime) -> None:
    """Renew because a person asks. Raises Refused with the reason when it did not work."""
    error = _renew(inbox_id, now)
    if error:
        raise Refused(error, f"The token of inbox {inbox_id} was not renewed: {error}.")


def _find_due(now: datetime) -> list[int]:
    # An end that nobody told us (a token from the command line) is learned from the first renewal.
    is_due = or_(Inbox.token_expires_at <= now + RENEW_BEFORE, Inbox.token_expires_at.is_(None))
    rows = db.session.scalars(select(Inbox).where(Inbox.state == InboxState.ACTIVE, is_due).order_by(Inbox.id)).all()
    due = [inbox.id for inbox in rows if channels[inbox.channel].connector.renews(inbox.options)]
    db.session.rollback()
    return due


def _claim(inbox_id: int, now: datetime) -> bool:
    """Mark the try before it is made: of two schedulers one makes it, and a crash costs a day, not a storm."""
    not_tried = or_(Inbox.token_checked_at.is_(None), Inbox.token_checked_at <= now - TRY_AGAIN)
    with transaction():
        claimed = db.session.execute(
            update(Inbox)
            .where(Inbox.id == inbox_id, not_tried)
            .values(token_checked_at=now)
            .execution_options(synchronize_session=False)
        )
        return bool(claimed.rowcount)  # type: ignore[attr-defined]


def _renew(inbox_id: int, now: datetime) -> str:
    """Ask for a new token and keep it; return why not, as a slug, or nothing."""
    inbox = db.session.get(Inbox, inbox_id)
    account = open_account(inbox) if inbox else None
    if inbox is None or account is None:
        return "token_unreadable"
    channel, seen = channels[inbox.channel], inbox.token_encrypted
    if not channel.connector.renews(inbox.options):
        return "token_has_no_end"
    db.session.rollback()  # no session is open during the call
    try:
        token = channel.connector.renew(account, now)
    except ChannelError as error:
        log.warning("The token of inbox %s was not renewed: %s", inbox_id, error)
        _keep_failure(inbox_id, error, account, seen, now)
        return error.reason
    _keep(inbox_id, token, seen, now)
    return ""


def _keep(inbox_id: int, token: Token, seen: bytes, now: datetime) -> None:
    with transaction():
        inbox = db.session.get_one(Inbox, inbox_id, with_for_update=True, populate_existing=True)
        if inbox.token_encrypted != seen:
            return  # connected again meanwhile: that token is the newer one
        inbox.token_encrypted = vault.encrypt(token.value.encode())
        inbox.token_expires_at = token.expires_at
        inbox.token_refreshed_at = inbox.token_checked_at = now
        inbox.token_error = None
        db.session.add(Audit(at=now, action="token_renewed", details={"inbox_id": inbox_id}))


def _keep_failure(inbox_id: int, error: ChannelError, used: Account, seen: bytes, now: datetime) -> None:
    with transaction() as tx:
        inbox = db.session.get_one(Inbox, inbox_id, with_for_update=True, populate_existing=True)
        if inbox.token_encrypted == seen:
            inbox.token_checked_at, inbox.token_error = now, error.reason[:64]
        if error.reason in TOKEN_ENDED:
            stop(tx, inbox, used, error.reason, now)
