"""Each day has the hours that the facts name of it."""

import pytest

from pilito.assistant.check import Draft, find_faults
from pilito.assistant.openings import find_other_hours
from pilito.assistant.quantities import unify
from pilito.assistant.types import Fact, TurnInput
from pilito.spelling import plain

SHOPS = (
    "ساعت کاری\nشنبه تا چهارشنبه ۱۰ تا ۲۰، پنجشنبه ۱۰ تا ۱۴. جمعه تعطیل است.",
    "Open Monday to Saturday 10:00-18:00, closed on Sundays.",
    "ساعت کار ۱۰ تا ۲۱، شنبه تا پنجشنبه.",
)


def faults(reply: str, shop: str) -> list[str]:
    return find_faults(Draft(reply, TurnInput("گالری", ("؟",), facts=(Fact("faq", shop),)), "0" * 16))


@pytest.mark.parametrize(
    ("shop", "reply"),
    [
        (0, "شنبه تا چهارشنبه از ساعت ۱۰ تا ۲۰ و پنجشنبه‌ها از ۱۰ تا ۱۴ باز هستیم."),
        (0, "جمعه‌ها تعطیل هستیم، ولی شنبه ۱۰ تا ۲۰ باز هستیم."),
        (0, "We are closed on Fridays. Saturday to Wednesday from 10 to 20 and Thursday from 10 to 14."),
        (0, "سه‌شنبه تا ۲۰ باز هستیم."),
        (1, "We're open from 10:00 to 18:00, Monday to Saturday."),
        (1, "Sorry, we are closed on Sundays."),
        (2, "شنبه تا پنجشنبه از ۱۰ صبح تا ۲۱ شب باز هستیم."),
    ],
)
def test_the_days_of_the_facts_leave(shop, reply):
    assert faults(reply, SHOPS[shop]) == []


@pytest.mark.parametrize(
    ("shop", "reply"),
    [
        (0, "جمعه باز هستیم."),
        (0, "جمعه ۱۰ تا ۲۰ باز هستیم."),
        (0, "پنجشنبه تا ۲۰ باز هستیم."),
        (0, "شنبه تعطیل است."),
        (1, "We are open on Sundays."),
        (1, "We are closed on Monday."),
        (1, "Monday from 18:00 to 10:00."),
        (2, "شنبه تا ۱۰ باز هستیم."),
    ],
)
def test_another_day_or_hour_does_not(shop, reply):
    assert faults(reply, SHOPS[shop]) != []


def other_hours(reply: str, shop: str) -> list[str]:
    return list(find_other_hours(unify(plain(reply)), (shop,)))


@pytest.mark.parametrize(
    ("shop", "reply", "found"),
    [
        ("Saturday 10 to 20", "Saturday until 24.", ["saturday until 24"]),
        ("Monday 10 to 20", "Monday until 22.", ["monday until 22"]),
        ("Tuesday until 20", "Tuesday, until 22.", ["tuesday  until 22"]),
        ("Monday 10 to 20. Tuesday until 20.", "Monday 10 to 20. Tuesday, until 22.", ["tuesday  until 22"]),
        ("Open Monday to Thursday 10 to 20, except Friday from 14.", "Closed on Friday.", ["closed on friday"]),
    ],
)
def test_what_differs_is_named_with_its_day_and_its_hour(shop, reply, found):
    assert other_hours(reply, shop) == found


@pytest.mark.parametrize(
    ("shop", "reply"),
    [
        ("Open Monday to Thursday 10 to 20, except Friday from 14.", "Friday from 14."),
        ("Monday until 20.", "Monday until 20. On Sunday we send."),
        ("Monday 10 to 20", "We open it on Sunday."),  # the parcel
        ("Monday 10 to 20", "25 orders leave on Monday."),  # no clock has it
        ("Monday 10 to 20", "1.500 orders leave on Monday."),
        ("Monday 10 to 20", "What is sent on Monday takes 3 days."),
        ("Monday 10 to 20", "Size 21 comes on Monday."),
    ],
)
def test_what_is_no_opening_is_held_against_none(shop, reply):
    assert other_hours(reply, shop) == []
