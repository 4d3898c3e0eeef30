"""The wait of a share is over."""

from pilito import trace
from pilito.clock import utc_now
from pilito.conversations.expire import end_wait
from pilito.jobs import following, patient


@patient
@following(trace.of_conversation)
def process_pending_share_timeout(conversation_id: int, share_message_id: int) -> None:
    """End the wait of this share if no question took it; the timer of rq-scheduler calls it."""
    end_wait(conversation_id, share_message_id, utc_now())
