"""What is read at the provider beside its events: missed messages, uncertain sends, the account's own posts."""

import logging

from pilito.clock import utc_now
from pilito.conversations import own_posts, tally, upkeep
from pilito.conversations.keep_counters import keep_counters
from pilito.conversations.match_posts import match_posts
from pilito.errors import ChannelError
from pilito.jobs import patient
from pilito.search.fill import take_in
from pilito.search.wipe import wipe

log = logging.getLogger(__name__)

FILLING_SECONDS = 20.0
WIPING_SECONDS = 60.0
TALLY_RUNS = 20


@patient
def keep_up(inbox_id: int) -> None:
    upkeep.keep_up(inbox_id, utc_now)


@patient
def look_for_sends(inbox_id: int) -> None:
    upkeep.look_for_sends(inbox_id, utc_now)


@patient
def look_up_post(inbox_id: int, media_id: str) -> None:
    """Once: what fails is left to the hourly reading."""
    try:
        own_posts.look_up_post(inbox_id, media_id, utc_now())
    except ChannelError as error:
        log.info("A shared post of inbox %s could not be looked up: %s", inbox_id, error.reason)


@patient
def match_inbox_posts(inbox_id: int) -> None:
    match_posts(inbox_id, utc_now())


@patient
def fill_search() -> None:
    """A stretch of what the search does not know yet; the next one is asked for by the clock."""
    take_in(FILLING_SECONDS)


@patient
def wipe_words() -> None:
    """A stretch of getting rid of erased words; the next one is asked for by the clock."""
    wipe(WIPING_SECONDS)


@patient
def count_tallies() -> None:
    """Until nothing is due, or others of this queue should have their turn; and the sums of /metrics."""
    keep_counters(utc_now())
    for _ in range(TALLY_RUNS):
        if tally.count_due(utc_now()) < tally.BATCH:
            return


@patient
def keep_zone(name: str) -> None:
    tally.keep_zone(name, utc_now())
