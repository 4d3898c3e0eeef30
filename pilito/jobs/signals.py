"""A customer is shown that we have seen them or are writing."""

from pilito.clock import utc_now
from pilito.conversations.signals import show
from pilito.jobs import patient


@patient
def show_signals(conversation_id: int, signals: list[str], asked_at: float) -> None:
    show(conversation_id, signals, asked_at, utc_now())
