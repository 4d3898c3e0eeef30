"""A reading of a webhook that did not come to its end is begun again: counted before it begins, and not for ever.

Only readings that the sweep asks for are counted: the first, with which nearly every webhook ends, pays nothing. And
only those that were begun: one that waited in vain for its turn to write says nothing of what it was to read.
"""

import logging
from contextlib import suppress
from datetime import datetime, timedelta

from sqlalchemy import or_, update

from pilito.conversations.receive import receive
from pilito.database import NoTurn, transaction
from pilito.lifecycle import WebhookState
from pilito.models import Webhook, db

log = logging.getLogger(__name__)

TRIES = 5
LEASE_SECONDS = 30  # the next try begins no earlier, whether this one lives or not
GIVEN_UP = "the reading never came to its end (a crash or a time-out, {tries} times)"


def retake(webhook_id: int, now: datetime) -> None:
    """Read the webhook unless somebody else has just begun to; after TRIES it is failed, for a person to look at."""
    if _is_pending(webhook_id) and _claim(webhook_id, now):
        try:
            receive(webhook_id, now)
        except NoTurn:
            with suppress(NoTurn):  # then it stays counted: five such in a row are more than a busy hour
                _give_back(webhook_id, now)
            raise


def _is_pending(webhook_id: int) -> bool:
    state = db.session.scalar(db.select(Webhook.state).where(Webhook.id == webhook_id))
    db.session.rollback()
    return state is WebhookState.PENDING


def _claim(webhook_id: int, now: datetime) -> bool:
    """Count this reading, committed before it begins: what kills its worker is counted too."""
    free = (
        Webhook.id == webhook_id,
        Webhook.state == WebhookState.PENDING,
        or_(Webhook.lease_until.is_(None), Webhook.lease_until <= now),
    )
    with transaction():
        webhook = db.session.scalar(db.select(Webhook).where(*free).with_for_update())
        if webhook is None:
            return False
        if webhook.attempts >= TRIES:
            webhook.state = WebhookState.FAILED
            webhook.error = GIVEN_UP.format(tries=webhook.attempts)
            webhook.read_at, webhook.lease_until, webhook.account = now, None, ""
            log.error("Webhook %s: %s.", webhook_id, webhook.error)
            return False
        changes = {"attempts": Webhook.attempts + 1, "lease_until": now + timedelta(seconds=LEASE_SECONDS)}
        db.session.execute(update(Webhook).where(*free).values(**changes))
        return True


def _give_back(webhook_id: int, now: datetime) -> None:
    """Count the reading no more; the next one may begin at once."""
    ours = Webhook.lease_until == now + timedelta(seconds=LEASE_SECONDS)
    still = (Webhook.id == webhook_id, Webhook.state == WebhookState.PENDING, ours)
    with transaction():
        db.session.execute(update(Webhook).where(*still).values(attempts=Webhook.attempts - 1, lease_until=None))
