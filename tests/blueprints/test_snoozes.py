"""Until when a conversation can be put off: in the operator's zone, calendar and week."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from flask_babel import force_locale

from pilito.blueprints.panel.snoozes import choices, day_words, days, read_time
from pilito.errors import Refused

TEHRAN, LONDON = ZoneInfo("Asia/Tehran"), ZoneInfo("Europe/London")


def offered(local, zone=LONDON, language="en"):
    return {one.key: one.at.astimezone(zone) for one in choices(local.astimezone(UTC), zone, language)}


def at(*when, zone=LONDON):
    return datetime(*when, tzinfo=zone)


@pytest.fixture(autouse=True)
def _context(app):
    with app.test_request_context(), force_locale("en"):
        yield


def test_on_a_wednesday_morning_there_are_four():
    assert offered(at(2026, 11, 25, 10, 12)) == {
        "later": at(2026, 11, 25, 13, 30),
        "tomorrow": at(2026, 11, 26, 9),
        "week": at(2026, 11, 30, 9),
        "in_a_week": at(2026, 12, 2, 9),
    }


def test_in_persian_the_week_begins_on_saturday():
    assert offered(at(2026, 11, 25, 10, zone=TEHRAN), TEHRAN, "fa")["week"] == at(2026, 11, 28, 9, zone=TEHRAN)


def test_in_the_evening_nothing_is_later_today():
    assert "later" not in offered(at(2026, 11, 25, 18, 1))
    assert "later" in offered(at(2026, 11, 25, 17, 30))


def test_before_the_week_begins_one_time_is_offered_once():
    assert list(offered(at(2026, 11, 29, 19))) == ["tomorrow", "in_a_week"]


def test_a_morning_stays_nine_over_a_change_of_the_clock():
    assert offered(at(2027, 3, 27, 19))["tomorrow"].isoformat() == "2027-03-28T09:00:00+01:00"


def test_a_day_of_ones_own_is_read_in_the_operators_zone():
    now = at(2026, 11, 25, 10, zone=TEHRAN)

    assert read_time("own", "2026-12-01", "18:30", now, TEHRAN, "fa") == datetime(2026, 12, 1, 15, tzinfo=UTC)


@pytest.mark.parametrize(("day", "clock"), [("", ""), ("2026-13-01", "9:00"), ("2026-12-01", "25:00"), ("x", "9")])
def test_what_is_no_time_is_refused(day, clock):
    with pytest.raises(Refused):
        read_time("own", day, clock, at(2026, 11, 25), LONDON, "en")


def test_days_are_named_in_the_calendar_of_the_page():
    now = at(2026, 11, 25, 10, zone=TEHRAN)

    assert days(now, TEHRAN)[:2] == [date(2026, 11, 25), date(2026, 11, 26)]
    with force_locale("fa"):
        assert day_words(date(2026, 11, 28), now, TEHRAN) == "شنبه، ۷ آذر"
    assert day_words(date(2026, 11, 28), now, TEHRAN) == "Saturday, 28 Nov"


def test_a_day_of_another_year_than_today_carries_its_year():
    last_days = at(2026, 12, 30, 10, zone=TEHRAN)

    assert day_words(date(2027, 1, 2), last_days, TEHRAN) == "Saturday, 2 Jan 2027"
    with force_locale("fa"):
        assert day_words(date(2027, 1, 2), last_days, TEHRAN) == "شنبه، ۱۲ دی"  # there the year ends in March
