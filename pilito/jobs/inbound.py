"""Webhooks of the ledger are read."""

from pilito import trace
from pilito.clock import utc_now
from pilito.conversations.receive import receive
from pilito.conversations.retake import retake
from pilito.jobs import following, patient


@patient
def receive_webhook(*webhook_ids: int) -> None:
    """Read these webhooks; what came together was stored together."""
    for webhook_id in webhook_ids:
        _receive_one(webhook_id)


@following(trace.of_webhook)
def _receive_one(webhook_id: int) -> None:
    receive(webhook_id, utc_now())


@patient
@following(trace.of_webhook)
def retake_webhook(webhook_id: int) -> None:
    """Read a webhook whose reading did not come to its end; the sweep asks for it."""
    retake(webhook_id, utc_now())
