"""When the assistant is on duty: by weekday, in the shop's own time, but not on holidays."""

from datetime import UTC, datetime

import pytest

from pilito.conversations.hours import is_open

TEHRAN = "Asia/Tehran"  # 3:30 before UTC, the whole year
SATURDAY = "5"


def at(day, hour, minute=0):
    """A moment of November 2026 in UTC; the 21st is a Saturday."""
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (at(21, 6, 29), False),  # 09:59 in Tehran
        (at(21, 6, 30), True),
        (at(21, 10, 29), True),
        (at(21, 10, 30), False),  # the end is not in it
        (at(21, 13, 30), True),  # the second span
        (at(22, 7), False),  # Sunday has none
        (at(20, 21), False),  # 00:30 on Saturday already, in Tehran
    ],
)
def test_hours_count_in_the_shops_own_time(now, expected):
    assert is_open({SATURDAY: [["10:00", "14:00"], ["17:00", "21:00"]]}, TEHRAN, None, now) is expected


def test_a_span_over_midnight_belongs_to_the_day_on_which_it_begins():
    hours = {SATURDAY: [["20:00", "02:00"]]}

    open_at = [hour for hour in range(24) if is_open(hours, "UTC", None, at(21, hour))]
    after = [hour for hour in range(24) if is_open(hours, "UTC", None, at(22, hour))]

    assert (open_at, after) == ([20, 21, 22, 23], [0, 1])


def test_a_day_until_midnight():
    assert is_open({SATURDAY: [["00:00", "24:00"]]}, "UTC", None, at(21, 23, 59))
    assert not is_open({SATURDAY: [["00:00", "24:00"]]}, "UTC", None, at(22, 0))


def test_a_holiday_is_closed_whatever_its_weekday():
    assert not is_open({SATURDAY: [["00:00", "24:00"]]}, "UTC", ["2026-11-21"], at(21, 12))
    assert not is_open(None, "UTC", ["2026-11-21"], at(21, 12))


def test_without_hours_it_is_always_open():
    assert is_open(None, None, None, at(21, 3))
    assert is_open(None, TEHRAN, ["2026-11-22"], at(21, 3))
