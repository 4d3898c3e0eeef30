"""Meta's rules on when an account may write to a customer."""

from datetime import datetime, timedelta

from pilito.channels.base import Permission

REPLY_WINDOW = timedelta(hours=24)  # after the customer's last message, for everybody
PERSON_WINDOW = timedelta(days=7)  # the same, for what a person wrote
PERSON_TAG = "HUMAN_AGENT"


def may_send(by_person: bool, last_customer_message_at: datetime | None, now: datetime) -> Permission:
    """Tell whether a reply may be sent now, and the tag that it needs.

    The tag is for people only: Meta restricts accounts that put it on automatic messages.
    """
    if last_customer_message_at is None:
        return Permission("customer_has_not_written")
    silence = now - last_customer_message_at
    if silence < REPLY_WINDOW:
        return Permission()
    if by_person and silence < PERSON_WINDOW:
        return Permission(tag=PERSON_TAG)
    return Permission("window_closed")
