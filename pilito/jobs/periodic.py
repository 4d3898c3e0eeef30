"""What runs by the clock: a list, driven by the scheduler process."""

from collections.abc import Callable
from dataclasses import dataclass

from pilito import audit, hints, keys, mail
from pilito.backup.make import back_up_when_due
from pilito.clock import utc_now
from pilito.conversations import retention, upkeep
from pilito.conversations.data_deletion import work_off
from pilito.conversations.digest import send_digests
from pilito.conversations.embed_facts import wake_embedding
from pilito.conversations.match_posts import wake_matching
from pilito.conversations.subscriptions import heal_due
from pilito.conversations.sweep import sweep
from pilito.conversations.tidy_media import EVERY, tidy
from pilito.conversations.tokens import renew_due, warn_of_ends
from pilito.jobs import patient
from pilito.knowledge.pictures import keep_pictures
from pilito.knowledge.read import wake_due as wake_due_facts
from pilito.people import links, sessions
from pilito.search.fill import wake_filling
from pilito.search.wipe import wake_wiping


@dataclass(frozen=True)
class Periodic:
    name: str
    every_seconds: float
    run: Callable[[], None]


@patient
def sweep_unfinished() -> None:
    sweep(utc_now())


@patient
def wake_upkeep() -> None:
    upkeep.wake_looks(utc_now())
    upkeep.wake_due(utc_now())


@patient
def wake_facts() -> None:
    wake_due_facts(utc_now())
    keep_pictures(utc_now())


@patient
def wake_posts() -> None:
    wake_matching(utc_now())


@patient
def wake_search() -> None:
    wake_filling()
    wake_wiping()


@patient
def wake_tallies() -> None:
    if not hints.is_busy(keys.UPKEEP):
        hints.hint(keys.UPKEEP, keys.TALLY_JOB)


@patient
def renew_tokens() -> None:
    renew_due(utc_now())


@patient
def warn_of_tokens() -> None:
    warn_of_ends(utc_now())


@patient
def heal_subscriptions() -> None:
    heal_due(utc_now())


@patient
def delete_data() -> None:
    work_off(utc_now())


@patient
def make_backup() -> None:
    back_up_when_due(utc_now)


@patient
def tidy_media() -> None:
    tidy(utc_now())


@patient
def keep_no_longer() -> None:
    retention.let_go(utc_now())


@patient
def seal_audit() -> None:
    audit.seal(utc_now())


@patient
def tidy_people() -> None:
    sessions.forget_old(utc_now())
    links.forget_old(utc_now())


@patient
def wake_mail() -> None:
    mail.wake_due(utc_now())


@patient
def write_digests() -> None:
    send_digests(utc_now())


PERIODIC = (
    Periodic("sweep", 5, sweep_unfinished),
    Periodic("upkeep", 15, wake_upkeep),
    Periodic("facts", 20, wake_facts),
    Periodic("embedding", 30, wake_embedding),
    Periodic("posts", 20, wake_posts),
    Periodic("tallies", 60, wake_tallies),  # what the analytics page shows
    Periodic("search", 20, wake_search),  # what is older than the search itself, and what was erased
    # Each looks at the rows for what is due: a token by its end, a subscription after ten minutes.
    Periodic("tokens", 600, renew_tokens),
    Periodic("token_ends", 600, warn_of_tokens),
    Periodic("subscriptions", 30, heal_subscriptions),
    Periodic("deletions", 10, delete_data),
    Periodic("backup", 300, make_backup),  # looks whether one is due
    Periodic("media", EVERY.total_seconds(), tidy_media),
    Periodic("retention", 600, keep_no_longer),
    Periodic("mail", 20, wake_mail),
    Periodic("digests", 120, write_digests),
    Periodic("people", 3600, tidy_people),
    Periodic("audit", 10, seal_audit),
)
