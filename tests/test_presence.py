"""Who is where ends by itself, and a person with two pages is there until both are gone."""

import pytest

from pilito import keys, presence
from pilito.extensions import redis
from pilito.presence import Mark

SARA, ALI = 1, 2
NOW = 1_800_000_000.0

pytestmark = [pytest.mark.sqlite_only, pytest.mark.usefixtures("app")]


def test_who_looks_is_there_until_they_leave():
    presence.arrive(Mark(17, SARA, "a"), NOW)
    presence.arrive(Mark(17, ALI, "b"), NOW)
    presence.arrive(Mark(18, ALI, "c"), NOW)

    presence.leave(Mark(17, SARA, "a"))

    assert presence.everybody(NOW) == {17: {ALI: False}, 18: {ALI: False}}


def test_two_pages_of_one_person_are_one_person_until_both_are_closed():
    first, second = Mark(17, SARA, "a"), Mark(17, SARA, "b")
    presence.arrive(first, NOW)
    presence.arrive(second, NOW)

    presence.leave(first)
    assert presence.everybody(NOW) == {17: {SARA: False}}

    presence.leave(second)
    assert presence.everybody(NOW) == {}


def test_whoever_says_nothing_more_is_gone():
    presence.arrive(Mark(17, SARA, "a"), NOW)
    presence.begin_typing(Mark(17, SARA, "a"), NOW)

    assert presence.everybody(NOW + presence.TYPING_SECONDS - 1) == {17: {SARA: True}}
    assert presence.everybody(NOW + presence.TYPING_SECONDS) == {17: {SARA: False}}
    assert presence.everybody(NOW + presence.VIEWING_SECONDS) == {}


def test_who_leaves_writes_no_more():
    mark = Mark(17, SARA, "a")
    presence.arrive(mark, NOW)
    presence.begin_typing(mark, NOW)

    presence.leave(mark)

    assert presence.everybody(NOW) == {}


def test_redis_keeps_nothing_of_it():
    presence.arrive(Mark(17, SARA, "a"), NOW)
    presence.begin_typing(Mark(17, SARA, "a"), NOW)

    assert all(0 < redis.ttl(key) <= presence.VIEWING_SECONDS * 2 for key in (keys.VIEWING, keys.TYPING))


def test_what_ended_is_swept_with_the_next_word():
    presence.arrive(Mark(17, SARA, "a"), NOW)

    presence.arrive(Mark(18, ALI, "b"), NOW + presence.VIEWING_SECONDS)

    assert redis.zcard(keys.VIEWING) == 1
