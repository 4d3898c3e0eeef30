"""What is read at the provider beside its events: missed messages, uncertain sends, the account's own posts."""

from pilito.clock import utc_now
from pilito.conversations import upkeep
from pilito.jobs import patient


@patient
def keep_up(inbox_id: int) -> None:
    upkeep.keep_up(inbox_id, utc_now)
