"""What became of one event: the line it gets on the ledger."""

from dataclasses import dataclass

from pilito.lifecycle import EventOutcome


@dataclass(frozen=True)
class Outcome:
    outcome: EventOutcome
    reason: str | None = None
    message_id: int | None = None
    # The id of a message that was taken back before: its words must leave the webhook that brought them after all.
    forget: str | None = None
