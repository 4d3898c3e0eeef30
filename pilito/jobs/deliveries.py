"""A reply is sent."""

from pilito.clock import utc_now
from pilito.conversations.deliver import deliver
from pilito.jobs import patient


@patient
def deliver_reply(message_id: int) -> None:
    deliver(message_id, utc_now)
