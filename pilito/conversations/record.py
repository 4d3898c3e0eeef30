"""A webhook's body becomes a row of the ledger before the provider is answered."""

from datetime import datetime

from sqlalchemy import insert

from pilito import hints, keys
from pilito.database import transaction
from pilito.lifecycle import WebhookState
from pilito.models import Webhook, db


def record(channel: str, body: bytes, received_at: datetime) -> int:
    """Store the body, ask a worker to read it, return the row's id.

    Raises sqlalchemy's OperationalError when the database cannot be written: then nothing was promised.
    """
    with transaction() as tx:
        # Core, not the ORM: half the time on the one path that every event takes (docs/decisions/0003).
        webhook_id = db.session.scalar(
            insert(Webhook)
            .values(channel=channel, received_at=received_at, body=body, state=WebhookState.PENDING, attempts=0)
            .returning(Webhook.id)
        )
        assert webhook_id is not None
        tx.after_commit(hints.hint, keys.RECEIVE, keys.RECEIVE_JOB, webhook_id)
    return webhook_id
