"""What the provider posts to us is looked at every ten minutes, and asked for again where something is gone."""

import logging
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update

from pilito.channels.base import Account, Connector, Subscription
from pilito.conversations.account import NO_TOKEN, open_account
from pilito.conversations.disconnect import stop
from pilito.conversations.warn import warn_of_silence
from pilito.database import Transaction, transaction
from pilito.errors import TOKEN_ENDED, ChannelError
from pilito.extensions import channels
from pilito.lifecycle import InboxState
from pilito.models import Audit, Inbox, db

log = logging.getLogger(__name__)

LOOK_EVERY = timedelta(minutes=10)
SAME_LOSS = timedelta(days=1)
STILL_MISSING = "subscription_missing"


def heal_due(now: datetime) -> int:
    """Look at every active inbox whose time has come; return how many had lost something and have it again."""
    never_or_long_ago = or_(Inbox.subscription_checked_at.is_(None), Inbox.subscription_checked_at <= now - LOOK_EVERY)
    due = select(Inbox.id).where(Inbox.state == InboxState.ACTIVE, never_or_long_ago).order_by(Inbox.id)
    ids = list(db.session.scalars(due))
    db.session.rollback()
    return sum(_claim(inbox_id, now) and heal(inbox_id, now) for inbox_id in ids)


def heal(inbox_id: int, now: datetime) -> bool:
    """Read what is posted to us; ask for it again where something is missing. Return whether that was so and worked."""
    found = _find(inbox_id)
    if found is None:
        return False
    connector, account, known = found
    was_lost = False
    try:
        subscription = connector.subscription(account, known)
        was_missing = bool(subscription.missing)
        was_lost = was_missing and bool(known)  # what was never there was not lost
        if was_missing:
            log.warning("Inbox %s lost %s; it is asked for again.", inbox_id, ", ".join(subscription.missing))
            subscription = connector.subscribe(account)
    except ChannelError as error:
        log.warning("The subscription of inbox %s could not be looked at: %s", inbox_id, error)
        _keep_failure(inbox_id, error, account, now, was_lost)
        return False
    _keep(inbox_id, subscription, was_missing, now, was_lost)
    if was_missing:
        _let_go_if_left(inbox_id, connector, account)
    return was_missing and not subscription.missing


def subscribe(inbox_id: int, now: datetime) -> None:
    """Have the account's events posted to us. Raises ChannelError, which is kept as the inbox's problem too."""
    found = _find(inbox_id)
    if found is None:
        return
    connector, account, _known = found
    try:
        subscription = connector.subscribe(account)
    except ChannelError as error:
        _keep_failure(inbox_id, error, account, now)
        raise
    _keep(inbox_id, subscription, True, now)
    _let_go_if_left(inbox_id, connector, account)


def _let_go_if_left(inbox_id: int, connector: Connector, account: Account) -> None:
    """Somebody disconnected the account while its events were being asked for: they are not to come any more."""
    inbox = db.session.get(Inbox, inbox_id, populate_existing=True)
    is_left = inbox is None or inbox.token_encrypted == NO_TOKEN
    db.session.rollback()
    if is_left:
        try:
            connector.unsubscribe(account)
        except ChannelError as error:
            log.info("The provider still posts the events of inbox %s: %s", inbox_id, error.reason)


def _find(inbox_id: int) -> tuple[Connector, Account, list[str]] | None:
    inbox = db.session.get(Inbox, inbox_id)
    account = open_account(inbox) if inbox else None
    if inbox is None or account is None:
        return None
    found = channels[inbox.channel].connector, account, list(inbox.subscribed_fields or [])
    db.session.rollback()  # no session is open during the calls
    return found


def _claim(inbox_id: int, now: datetime) -> bool:
    """Of two schedulers one looks."""
    with transaction():
        claimed = db.session.execute(
            update(Inbox)
            .where(
                Inbox.id == inbox_id,
                or_(Inbox.subscription_checked_at.is_(None), Inbox.subscription_checked_at <= now - LOOK_EVERY),
            )
            .values(subscription_checked_at=now)
            .execution_options(synchronize_session=False)
        )
        return bool(claimed.rowcount)  # type: ignore[attr-defined]


def _keep(inbox_id: int, subscription: Subscription, was_asked: bool, now: datetime, was_lost: bool = False) -> None:
    with transaction() as tx:
        inbox = db.session.get(Inbox, inbox_id, with_for_update=True, populate_existing=True)
        if inbox is None or inbox.token_encrypted == NO_TOKEN:
            return
        is_news = not subscription.missing or list(subscription.fields) != inbox.subscribed_fields
        inbox.subscription_checked_at = now
        inbox.subscription_error = STILL_MISSING if subscription.missing else None
        inbox.subscribed_fields = list(subscription.fields)
        if was_lost:
            _tell_of_loss(tx, inbox, not subscription.missing, now)
        elif not was_asked:
            _forget_loss(inbox, now)
        if was_asked and is_news:  # what never comes is asked for every ten minutes, and the log is kept for ever
            details = {"inbox_id": inbox_id, "fields": list(subscription.fields)}
            db.session.add(Audit(at=now, action="inbox_subscribed", details=details))


def _tell_of_loss(tx: Transaction, inbox: Inbox, is_back: bool, now: datetime) -> None:
    if inbox.subscription_lost_at is None:
        inbox.subscription_lost_at = now
        warn_of_silence(tx, inbox, is_back, now)


def _forget_loss(inbox: Inbox, now: datetime) -> None:
    """Nothing is missing: the next loss is another one, unless it comes within a day, as of one that comes and goes."""
    if inbox.subscription_lost_at is not None and now - inbox.subscription_lost_at >= SAME_LOSS:
        inbox.subscription_lost_at = None


def _keep_failure(inbox_id: int, error: ChannelError, used: Account, now: datetime, was_lost: bool = False) -> None:
    with transaction() as tx:
        inbox = db.session.get_one(Inbox, inbox_id, with_for_update=True, populate_existing=True)
        inbox.subscription_checked_at, inbox.subscription_error = now, error.reason[:64]
        if error.reason in TOKEN_ENDED:
            stop(tx, inbox, used, error.reason, now)  # which tells more
        elif was_lost:
            _tell_of_loss(tx, inbox, False, now)
