"""This machine: its settings, its clock, its disks."""

import shutil
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

import requests
from redis.exceptions import RedisError
from sqlalchemy import text

from pilito.backup.make import folder as backup_folder
from pilito.config import VAR
from pilito.database import is_sqlite
from pilito.doctor.finding import FINE, Finding
from pilito.extensions import db, redis, settings

# A reply window is hours long and a share's wait two minutes; by seconds nothing goes wrong, by half a minute it does.
LARGEST_SKEW_SECONDS = 10.0
DATE_TIMEOUT_SECONDS = 5.0
LEAST_FREE_BYTES = 1024**3
LEAST_FREE_SHARE = 0.05
MEBIBYTE = 1024 * 1024
NEEDED = ("secret_key", "encryption_keys", "instagram_app_secret", "instagram_verify_token")


def look_at_settings() -> Iterator[Finding]:
    missing = [name.upper() for name in NEEDED if not getattr(settings, name)]
    yield Finding("secrets", not missing, f"Set {', '.join(missing)}." if missing else FINE)
    yield Finding("settings", *_production())


def _production() -> tuple[bool, str]:
    if not settings.in_production:
        return True, "ok, in development: set PILITO_ENV=production before real customers write"
    if not settings.public_url.startswith("https://"):
        return False, f"PUBLIC_URL is {settings.public_url}: Meta posts to https only; put a proxy with TLS before it."
    if not settings.trusted_proxies:
        return False, "TRUSTED_PROXIES is 0: behind a proxy every visitor has its address; set it to 1."
    return True, FINE


# --- clocks ----------------------------------------------------------------------------------------------------------


def compare_clocks() -> Iterator[Finding]:
    """The times of the database, of Redis and of the provider, against ours."""
    others = {"the database": _database_time, "Redis": _redis_time, "Instagram": _provider_time}
    wrong, unknown = [], []
    for name, ask in others.items():
        before = time.time()
        try:
            their = ask()
        except (requests.RequestException, ValueError, TypeError, RedisError):
            their = None
        ours = (before + time.time()) / 2
        if their is None:
            unknown.append(name)
        elif abs(their - ours) > LARGEST_SKEW_SECONDS:
            wrong.append(f"{their - ours:+.0f} s at {name}")
    if wrong:
        advice = "switch time synchronisation on (`timedatectl set-ntp true`) on every machine."
        yield Finding("clock", False, f"The clocks differ from ours: {', '.join(wrong)}; {advice}")
        return
    yield Finding("clock", True, f"ok; not known: {', '.join(unknown)}" if unknown else FINE)


def _database_time() -> float:
    if is_sqlite():  # which has no clock of its own
        return time.time()
    now: datetime = db.session.execute(text("SELECT clock_timestamp()")).scalar_one()
    db.session.rollback()
    return now.timestamp()


def _redis_time() -> float:
    seconds, microseconds = redis.time()
    return float(seconds) + float(microseconds) / 1e6


def _provider_time() -> float:
    """The Date header of any answer, an error too; it is cut to the second, so half of one is added."""
    answer = requests.head(settings.instagram_graph_url, timeout=DATE_TIMEOUT_SECONDS, allow_redirects=False)
    return parsedate_to_datetime(answer.headers["Date"]).astimezone(UTC).timestamp() + 0.5


# --- disks -----------------------------------------------------------------------------------------------------------


def look_at_disks() -> Iterator[Finding]:
    """Every disk that we write to, once."""
    seen: set[int] = set()
    for place in _places():
        where = _existing(place)
        device = where.stat().st_dev
        if device in seen:
            continue
        seen.add(device)
        yield Finding(f"disk {where}", *_room(where))


def _places() -> Iterator[Path]:
    yield VAR
    if is_sqlite() and db.engine.url.database:
        yield Path(db.engine.url.database).resolve().parent
    yield backup_folder()


def _existing(path: Path) -> Path:
    return next(one for one in (path, *path.parents) if one.exists())


def _room(where: Path) -> tuple[bool, str]:
    usage = shutil.disk_usage(where)
    free = usage.free // MEBIBYTE
    if usage.free < LEAST_FREE_BYTES or usage.free < LEAST_FREE_SHARE * usage.total:
        return False, f"Only {free} MiB are free: make room, or webhooks are refused when the database cannot grow."
    return True, f"ok, {free} MiB free"
