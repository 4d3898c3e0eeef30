"""When an assistant may answer by itself: hours by weekday in the shop's own time, and days on which it does not."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

Spans = Sequence[Sequence[str]]
DAY_END = "24:00"


def is_open(hours: Mapping[str, Spans] | None, zone: str | None, holidays: Sequence[str] | None, now: datetime) -> bool:
    """Whether the assistant is on duty; `hours` of None means at any time, holidays excepted.

    `hours` has the weekdays from "0", Monday. A span that ends before it begins lasts until the next day, and belongs
    to the day on which it begins: what began before a holiday is not cut off at midnight.
    """
    local = now.astimezone(ZoneInfo(zone or "UTC"))
    if hours is None:
        return local.date().isoformat() not in (holidays or ())
    today, yesterday = local.date(), local.date() - timedelta(days=1)
    minute = local.hour * 60 + local.minute
    return any(start <= minute < end for start, end in _spans(hours, holidays, today)) or any(
        minute < end - 24 * 60 for _, end in _spans(hours, holidays, yesterday)
    )


def _spans(hours: Mapping[str, Spans], holidays: Sequence[str] | None, day: date) -> list[tuple[int, int]]:
    """The spans that begin on a day, in minutes of it; an end after 1440 lies in the next day."""
    if day.isoformat() in (holidays or ()):
        return []
    spans = [(_minutes(start), _minutes(end)) for start, end in hours.get(str(day.weekday()), ())]
    return [(start, end if end > start else end + 24 * 60) for start, end in spans]


def _minutes(text: str) -> int:
    hour, minute = text.split(":")
    return int(hour) * 60 + int(minute)


def read_time(text: str) -> str:
    """Return 09:30 for what a form sent. Raises ValueError for anything but a time of the day."""
    if text == DAY_END:
        return text
    if not re.fullmatch(r"[0-9]{1,2}:[0-9]{2}", text):  # `time` would take seconds and a zone too
        raise ValueError(f"Expected 09:30, got {text!r}.")
    hour, minute = map(int, text.split(":"))
    return time(hour, minute).strftime("%H:%M")
