import time
from datetime import UTC, datetime, timedelta

import pytest
from instagram_events import NOON, NOON_MS

from pilito.channels.instagram.times import moment_of, sent_at

MORNING = NOON - timedelta(hours=3)
MORNING_MS = NOON_MS - 3 * 3600 * 1000


@pytest.mark.parametrize(
    "written",
    [
        NOON_MS,
        float(NOON_MS),
        str(NOON_MS),
        NOON_MS // 1000,
        str(NOON_MS // 1000),
        "2026-11-22T12:00:00+0000",
        "2026-11-22T12:00:00Z",
        "2026-11-22T15:30:00+03:30",
        "2026-11-22 12:00:00",
        f" {NOON_MS} ",
        " 2026-11-22T12:00:00Z\n",
    ],
)
def test_a_time_is_understood_however_it_is_written(written):
    assert sent_at(written, None, NOON + timedelta(hours=1)) == NOON


def test_a_time_without_a_zone_is_utc_wherever_the_server_stands(monkeypatch):
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Asia/Tehran")
        time.tzset()

        assert sent_at("2026-11-22 12:00:00", None, NOON) == NOON
    time.tzset()


def test_milliseconds_are_kept():
    assert sent_at(NOON_MS - 579, None, NOON) == NOON - timedelta(milliseconds=579)


@pytest.mark.parametrize(
    "nothing",
    [
        None, "", "soon", "<TIME>", True, False, [], {}, -1, 0, 5, 1234567890, 10**11, 2 * 10**11, float("nan"), float("inf"), 10**30,
        "9" * 5000, "²", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00",
    ],
)  # fmt: skip
def test_without_a_usable_time_the_entry_tells_it(nothing):
    assert sent_at(nothing, MORNING_MS, NOON) == MORNING


def test_without_any_usable_time_it_is_when_we_got_it():
    assert sent_at(None, "?", NOON) == NOON


def test_a_clock_that_is_a_little_ahead_is_believed():
    assert sent_at(NOON_MS + 5 * 60 * 1000, None, NOON) == NOON + timedelta(minutes=5)


@pytest.mark.parametrize("ahead_ms", [5 * 60 * 1000 + 1, 24 * 3600 * 1000])
def test_a_time_in_the_future_is_when_we_got_it(ahead_ms):
    assert sent_at(NOON_MS + ahead_ms, MORNING_MS, NOON) == NOON


def test_an_old_message_keeps_its_time():
    assert sent_at("1527459824", None, NOON) == datetime(2018, 5, 27, 22, 23, 44, tzinfo=UTC)


def test_before_the_day_on_which_instagram_opened_nobody_wrote():
    assert moment_of("2010-10-06T00:00:00Z") == datetime(2010, 10, 6, tzinfo=UTC)
    assert moment_of("2010-10-05T23:59:59Z") is None


def test_times_are_in_utc():
    assert moment_of("2026-11-22T15:30:00+03:30").tzinfo is UTC
