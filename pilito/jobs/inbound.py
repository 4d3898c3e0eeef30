"""A webhook of the ledger is read."""

from pilito.clock import utc_now
from pilito.conversations.receive import receive
from pilito.jobs import patient


@patient
def receive_webhook(webhook_id: int) -> None:
    receive(webhook_id, utc_now())
