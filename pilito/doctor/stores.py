"""What keeps things: database, Redis, the media store, backups."""

import secrets
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from redis.exceptions import RedisError
from sqlalchemy import func, select

from pilito.blueprints.health import PASSED, readiness, try_to_write
from pilito.clock import utc_now
from pilito.conversations.media_mark import Hold, find_hold, is_claimed
from pilito.doctor.finding import FINE, Finding
from pilito.errors import MediaError
from pilito.extensions import db, media_store, redis, settings
from pilito.lifecycle import MediaState
from pilito.models import Backup, MediaFile

PROBE_SECONDS = 30
# Restarted, for who takes the new place says nothing of the old one, which its workers would go on with.
TAKE = (
    "If another Pilito keeps its files in this bucket and prefix, stop the one that nobody needs any more, or give the"
    " copy a MEDIA_URL of its own and restart it; `flask restore` once more brings its files there. Then, or if there"
    " is no other, say here: `flask take-media`."
)
PUT = "The scheduler puts it there within ten minutes; where it does not, `flask take-media` says why."
FOLDER = "Check MEDIA_URL, the rights of its folder, and the disk."
BUCKET = "Check MEDIA_URL, MEDIA_S3_ENDPOINT, its two keys and their rights."
BESIDE = (
    "The bucket is ours, but another Pilito keeps files there too. What is in no row of ours may be that one's, so it"
    " is not tidied. Stop that one, or give it a MEDIA_URL of its own and restart it; the tidying goes on three days"
    " later."
)
RIGHTS = "See the media store, above; and its key needs s3:ListBucket, or what is not there yet looks forbidden."
OLDEST_BACKUP_HOURS = 26.0  # where no rhythm is set: a day, and the time it takes


def look_at_parts() -> Iterator[Finding]:
    """Database, migrations, writing, Redis, workers, scheduler: what /readyz looks at."""
    try_to_write()  # this process has written nothing yet, and knows nothing of refusals
    for name, result in readiness().items():
        yield Finding(name, result == PASSED, result)


def look_at_redis_keys() -> Iterator[Finding]:
    """A key with a time to live can be set and read, and the server keeps what it has."""
    key, value = f"pilito:doctor:{secrets.token_hex(4)}", secrets.token_hex(8)
    redis.set(key, value, ex=PROBE_SECONDS)
    kept = redis.get(key) == value.encode() and 0 < int(redis.ttl(key)) <= PROBE_SECONDS
    redis.delete(key)
    yield Finding("redis keys", kept, FINE if kept else "Redis does not return a key it was given; look at its log.")
    told = _redis_info()
    policy = told.get("maxmemory_policy")
    safe = policy in ("noeviction", None)
    advice = f"Set maxmemory-policy to noeviction: {policy} throws jobs away when memory is short."
    yield Finding("redis eviction", safe, FINE if safe else advice)
    persistent = told.get("aof_enabled") != 0
    advice = "Set appendonly yes: without it a restart forgets the queues, and work is late until the sweep finds it."
    yield Finding("redis persistence", persistent, FINE if persistent else advice)


def _redis_info() -> dict[str, Any]:
    """What the server tells of itself, and nothing where we may not ask: CONFIG is not for our user."""
    try:
        return {**redis.info("memory"), **redis.info("persistence")}
    except RedisError:
        return {}


def try_the_media_store() -> Iterator[Finding]:
    """The store takes a file, gives it back and drops it; its disk has room."""
    try:
        yield Finding("media store", True, media_store.check())
    except MediaError as error:
        advice = "" if error.reason == "keeps_versions" else f" {BUCKET if media_store.is_shared else FOLDER}"
        yield Finding("media store", False, f"{error.sentence}{advice}")


def look_at_the_mark() -> Iterator[Finding]:
    """The bucket is ours to drop files from. A folder is its machine's, and needs no mark."""
    if not media_store.is_shared:
        return
    try:
        why = find_hold()
        is_alone = why is not None or not is_claimed(utc_now())
    except MediaError as error:
        yield Finding("media mark", False, f"{error.sentence} {RIGHTS}")
        return
    left = db.session.scalar(select(func.count()).select_from(MediaFile).where(MediaFile.state == MediaState.DROPPED))
    files = "1 file waits" if left == 1 else f"{left} files wait"
    waits = f"so nothing is dropped from the bucket ({files}, beside those of erased accounts)"
    if not is_alone:
        yield Finding("media mark", False, BESIDE)
    elif why is None:
        yield Finding("media mark", True, "ok, the bucket is ours")
    elif why is Hold.UNMARKED:
        yield Finding("media mark", True, "ok, the scheduler marks it within ten minutes")
    elif why is Hold.GONE:
        yield Finding("media mark", False, f"The mark that was put there is gone, or never came there, {waits}. {PUT}")
    elif why is Hold.RESTORED:
        yield Finding("media mark", False, f"A backup was put back, {waits}. {TAKE}")
    else:  # some copy of this database, or the one that this is a copy of
        yield Finding("media mark", False, f"Another Pilito has put its mark there, {waits}. {TAKE}")


def look_at_backups() -> Iterator[Finding]:
    newest = db.session.scalars(
        select(Backup).where(Backup.finished_at.is_not(None)).order_by(Backup.began_at.desc()).limit(1)
    ).first()
    good = db.session.scalar(
        select(Backup.began_at)
        .where(Backup.finished_at.is_not(None), Backup.error.is_(None))
        .order_by(Backup.began_at.desc())
        .limit(1)
    )
    if newest is not None and newest.error:
        yield Finding("backup", False, f"The last one failed: {newest.error} Try `flask backup`.")
    elif good is None and not settings.in_production and not settings.backup_every_hours:
        yield Finding("backup", True, "ok, none yet: `flask backup`, or BACKUP_EVERY_HOURS=24, before real customers")
    elif good is None:
        yield Finding(
            "backup", False, "There is none: `flask backup` makes one, BACKUP_EVERY_HOURS=24 makes them daily."
        )
    else:
        hours = (utc_now() - good) / timedelta(hours=1)
        longest = 2 * settings.backup_every_hours + 1 if settings.backup_every_hours else OLDEST_BACKUP_HOURS
        advice = (
            "is the scheduler alive, its disk full?" if settings.backup_every_hours else "set BACKUP_EVERY_HOURS=24."
        )
        late = f"The last one is {hours:.0f} hours old: {advice}"
        yield Finding("backup", hours <= longest, f"ok, {hours:.0f} hours old" if hours <= longest else late)
