"""A reply is sent, or the private reply to a comment."""

from pilito import trace
from pilito.clock import utc_now
from pilito.conversations import comments
from pilito.conversations.deliver import deliver
from pilito.jobs import following, patient


@patient
@following(trace.of_message)
def deliver_reply(message_id: int) -> None:
    deliver(message_id, utc_now)


@patient
def send_private_reply(comment_id: int) -> None:
    comments.send_private_reply(comment_id, utc_now)
