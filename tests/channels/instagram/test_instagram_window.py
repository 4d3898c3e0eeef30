from datetime import timedelta

import pytest
from instagram_events import NOON

from pilito.channels.base import Permission
from pilito.channels.instagram import Instagram
from pilito.channels.instagram.window import may_send
from pilito.config import load_settings

SECOND = timedelta(seconds=1)


@pytest.mark.parametrize("by_person", [True, False])
@pytest.mark.parametrize("silence", [timedelta(0), timedelta(hours=24) - SECOND, -SECOND])
def test_within_a_day_anyone_may_answer(by_person, silence):
    assert may_send(by_person, NOON - silence, NOON) == Permission()


@pytest.mark.parametrize("silence", [timedelta(hours=24), timedelta(days=7) - SECOND])
def test_within_a_week_a_person_may_answer_with_the_tag_for_people(silence):
    permission = may_send(True, NOON - silence, NOON)

    assert permission
    assert permission.tag == "HUMAN_AGENT"


@pytest.mark.parametrize("silence", [timedelta(hours=24), timedelta(days=7) - SECOND, timedelta(days=400)])
def test_after_a_day_the_assistant_may_not(silence):
    permission = may_send(False, NOON - silence, NOON)

    assert not permission
    assert permission == Permission("window_closed")


def test_after_a_week_nobody_may():
    assert may_send(True, NOON - timedelta(days=7), NOON) == Permission("window_closed")


@pytest.mark.parametrize("by_person", [True, False])
def test_nobody_may_begin_a_conversation(by_person):
    assert may_send(by_person, None, NOON) == Permission("customer_has_not_written")


def test_the_windows_that_others_count_down_are_those_of_the_rule():
    channel = Instagram(load_settings(_env_file=None))

    for by_person, window in ((False, channel.reply_window), (True, channel.person_window)):
        assert may_send(by_person, NOON, NOON + window - SECOND)
        assert not may_send(by_person, NOON, NOON + window)
