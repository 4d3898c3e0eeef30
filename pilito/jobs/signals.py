"""A customer is shown that we have seen them or are writing."""

from pilito import trace
from pilito.clock import utc_now
from pilito.conversations.signals import show
from pilito.jobs import following, patient


@patient
@following(trace.of_conversation)
def show_signals(conversation_id: int, signals: list[str], asked_at: float) -> None:
    show(conversation_id, signals, asked_at, utc_now())
