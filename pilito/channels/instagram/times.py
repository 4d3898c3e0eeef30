"""Tells when a customer sent a message, from the many ways in which Meta and its test tools write a time."""

from datetime import UTC, datetime, timedelta
from typing import Any

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EARLIEST = datetime(2010, 10, 6, tzinfo=UTC)  # the day Instagram opened: an earlier time is a placeholder
FIRST_COUNT_OF_MILLISECONDS = 10**11  # as milliseconds the year 1973, as seconds the year 5138
TOLERANCE = timedelta(minutes=5)  # how far our clock may be behind Meta's


def sent_at(item_time: Any, entry_time: Any, received_at: datetime) -> datetime:
    """Return when the customer sent the message, as an aware UTC datetime; never more than 5 minutes after we got it.

    `item_time` is `messaging[].timestamp`: milliseconds since 1970 in real events; seconds, strings and ISO 8601 in
    dashboard tests. `entry_time` is `entry[].time`, when Meta wrote the notification, and stands in where the first is
    missing; last comes `received_at`.
    A time in the future would keep the reply window open for too long, so `received_at` replaces it.
    """
    found = moment_of(item_time) or moment_of(entry_time) or received_at
    return found if found <= received_at + TOLERANCE else received_at


def moment_of(value: Any) -> datetime | None:
    """Return the time that a count of milliseconds or seconds, digits in a string, or ISO 8601 stands for."""
    try:
        moment = _from_text(value) if isinstance(value, str) else _from_count(value)
    except (ValueError, TypeError, OverflowError):
        return None
    return moment if moment >= EARLIEST else None


def _from_count(count: float) -> datetime:
    unit = "milliseconds" if count >= FIRST_COUNT_OF_MILLISECONDS else "seconds"
    return EPOCH + timedelta(**{unit: count})


def _from_text(text: str) -> datetime:
    # Digits first: ISO 8601 has a form of digits alone, but Meta's digits are always a count.
    return _from_count(int(text)) if text.strip().isdecimal() else _from_iso(text.strip())


def _from_iso(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
