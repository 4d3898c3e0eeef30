"""A customer's name and picture are asked for."""

from pilito.clock import utc_now
from pilito.conversations.fetch_profile import fetch_profile
from pilito.jobs import patient


@patient
def fetch_customer_profile(conversation_id: int) -> None:
    fetch_profile(conversation_id, utc_now())
