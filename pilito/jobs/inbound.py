"""Webhooks of the ledger are read."""

from pilito import trace
from pilito.clock import utc_now
from pilito.conversations.receive import receive
from pilito.conversations.retake import retake
from pilito.conversations.take_turns import read_unread
from pilito.jobs import following, patient


@patient
def receive_webhook(*_webhook_ids: int) -> None:
    """Read what is unread, the accounts in turn. The ids only say what came when this was asked for."""
    read_unread(_receive_one)


@following(trace.of_webhook)
def _receive_one(webhook_id: int) -> bool:
    return receive(webhook_id, utc_now())


@patient
def retake_webhook(webhook_id: int) -> None:
    """Read a webhook whose reading did not come to its end, and then what else is unread; the sweep asks for it."""
    _retake_one(webhook_id)
    read_unread(_receive_one)


@following(trace.of_webhook)
def _retake_one(webhook_id: int) -> None:
    retake(webhook_id, utc_now())
