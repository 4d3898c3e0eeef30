"""A webhook of the ledger is read again: what failed gets another chance, what was stored stays stored."""

from collections.abc import Sequence

from sqlalchemy import delete, func, select

from pilito import hints, keys
from pilito.conversations.retake import TRIES
from pilito.database import transaction
from pilito.errors import Refused
from pilito.lifecycle import EventOutcome, WebhookState
from pilito.models import Event, Webhook, db


def read_again(webhook_id: int) -> None:
    """Forget the failed outcomes of this webhook and have a worker read it. Raises Refused when there is none."""
    with transaction() as tx:
        webhook = db.session.get(Webhook, webhook_id, with_for_update=True, populate_existing=True)
        if webhook is None:
            raise Refused("not_found", f"There is no webhook {webhook_id} on the ledger.")
        if not webhook.body and webhook.state is not WebhookState.PENDING:
            raise Refused("body_gone", f"The body of webhook {webhook_id} is kept no longer (KEEP_BODIES_DAYS).")
        db.session.execute(delete(Event).where(Event.webhook_id == webhook_id, Event.outcome == EventOutcome.FAILED))
        webhook.state = WebhookState.PENDING
        webhook.error = webhook.lease_until = None
        if webhook.attempts >= TRIES:
            webhook.attempts = 0  # somebody looked at it: it gets all its tries anew
        tx.after_commit(hints.hint_unless_asked, keys.RECEIVE, keys.RECEIVE_JOB, webhook_id)


def find_failed() -> Sequence[int]:
    """Return the ids of the failed webhooks, oldest first."""
    is_failed = Webhook.state == WebhookState.FAILED
    return db.session.scalars(
        select(Webhook.id).where(is_failed, func.length(Webhook.body) > 0).order_by(Webhook.id)
    ).all()
