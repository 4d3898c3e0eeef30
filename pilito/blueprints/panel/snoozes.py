"""Until when a conversation can be put off: a few good times, and any other, in the operator's zone and week."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from babel.dates import format_date
from flask_babel import gettext

from pilito.blueprints import i18n
from pilito.errors import Refused

MORNING = time(9)
LATER = timedelta(hours=3)
LAST_HOUR = 21  # nobody wants a reminder later in the evening
FIRST_WEEKDAY = {"fa": 5, "en": 0}  # Saturday, Monday; as `date.weekday` counts
DAYS_OFFERED = 120


@dataclass(frozen=True)
class Choice:
    key: str
    label: str
    at: datetime


def choices(now: datetime, zone: tzinfo, language: str) -> list[Choice]:
    """The times on offer, the nearest first, each once."""
    today = now.astimezone(zone).date()
    week = _next_weekday(today, FIRST_WEEKDAY[language])
    found = [
        Choice("tomorrow", str(gettext("Tomorrow morning")), _at(today + timedelta(days=1), MORNING, zone)),
        Choice("week", _weekday(week, language), _at(week, MORNING, zone)),
        Choice("in_a_week", str(gettext("In a week")), _at(today + timedelta(days=7), MORNING, zone)),
    ]
    later = _later_today(now.astimezone(zone), zone)
    offered = ([Choice("later", str(gettext("Later today")), later)] if later else []) + found
    by_time = {choice.at: choice for choice in reversed(offered)}  # of two with one time the first stays
    return sorted(by_time.values(), key=lambda choice: choice.at)


def days(now: datetime, zone: tzinfo) -> list[date]:
    """The days that can be chosen one by one, from today on."""
    today = now.astimezone(zone).date()
    return [today + timedelta(days=number) for number in range(DAYS_OFFERED)]


def read_time(key: str, day: str, clock: str, now: datetime, zone: tzinfo, language: str) -> datetime:
    """What a form asked for. Raises Refused (snooze_wrong)."""
    if key == "own":
        try:
            hour, minute = (int(part) for part in clock.split(":"))
            return _at(date.fromisoformat(day), time(hour, minute), zone)
        except (ValueError, OverflowError):
            raise Refused("snooze_wrong", f"Expected a day and a time, not {day!r} and {clock!r}.") from None
    known = {choice.key: choice.at for choice in choices(now, zone, language)}
    if key not in known:
        raise Refused("snooze_wrong", f"There is no time {key!r} to choose now.")
    return known[key]


def _later_today(local: datetime, zone: tzinfo) -> datetime | None:
    """In three hours, at the next half hour; None when that is no working hour of today any more."""
    wanted = local + LATER
    minutes = 30 - wanted.minute % 30 if wanted.minute % 30 else 0
    wanted = (wanted + timedelta(minutes=minutes)).replace(second=0, microsecond=0)
    if wanted.date() != local.date() or wanted.hour >= LAST_HOUR:
        return None
    return _at(wanted.date(), wanted.time(), zone)


def _next_weekday(today: date, weekday: int) -> date:
    return today + timedelta(days=(weekday - today.weekday() - 1) % 7 + 1)


def _at(day: date, clock: time, zone: tzinfo) -> datetime:
    return datetime.combine(day, clock, zone).astimezone(UTC)


def _weekday(day: date, language: str) -> str:
    return str(format_date(day, "EEEE", locale=language))


def day_words(day: date, now: datetime, zone: tzinfo) -> str:
    """Today, tomorrow, or the day with its name, in the calendar of the page."""
    today = now.astimezone(zone).date()
    if day <= today + timedelta(days=1):
        return str(gettext("Today") if day == today else gettext("Tomorrow"))
    return i18n.long_day(day, today)
