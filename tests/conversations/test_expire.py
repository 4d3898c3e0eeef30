"""The wait of a share ends: of this share, once, not early."""

import logging
from functools import partial

import pytest
from desk import Desk
from rows import NOON
from shop import reel, seconds, text

from pilito import keys
from pilito.conversations.expire import expire
from pilito.conversations.receive import receive
from pilito.lifecycle import ShareState

END = NOON + seconds(120)


@pytest.fixture
def desk(shop):
    return Desk(shop)


def state(desk, mid="reel"):
    return desk.shop.share_of(desk.message(mid)).state


def end_wait(desk, now, mid="reel"):
    return desk.call(expire, desk.conversation.id, desk.message(mid).id, now)


@pytest.mark.sqlite_only
def test_a_share_expires_at_the_end_of_its_wait(desk, caplog):
    caplog.set_level(logging.INFO)
    desk.take(reel(NOON, mid="reel"))
    redis, key = desk.app.extensions["pilito_redis"], keys.pending_share(desk.conversation.id)
    redis.persist(key)

    expired = end_wait(desk, END)

    assert expired is True
    assert state(desk) is ShareState.EXPIRED
    assert redis.get(key) is None
    assert caplog.text.count("⏰ Timeout for share") == 1


@pytest.mark.sqlite_only
def test_a_timer_that_fires_early_ends_nothing(desk):
    desk.take(reel(NOON, mid="reel"))

    assert end_wait(desk, END - seconds(0.001)) is False
    assert state(desk) is ShareState.WAITING


@pytest.mark.sqlite_only
def test_a_timer_that_fires_twice_changes_once(desk, caplog):
    caplog.set_level(logging.INFO)
    desk.take(reel(NOON, mid="reel"))

    fired = [end_wait(desk, END), end_wait(desk, END + seconds(1))]

    assert fired == [True, False]
    assert caplog.text.count("⏰ Timeout for share") == 1


def test_timers_that_fire_at_once_expire_the_share_once(desk):
    desk.take(reel(NOON, mid="reel"))
    call = partial(expire, desk.conversation.id, desk.message("reel").id, END)

    results = desk.together(*[call] * 6)

    assert sorted(results) == [False] * 5 + [True]


@pytest.mark.parametrize("asked_after", [119.999, 120])
def test_a_question_and_the_timer_at_the_same_instant_end_the_same_whoever_is_first(desk, asked_after):
    desk.take(reel(NOON, mid="reel"))
    conversation_id, share_id = desk.conversation.id, desk.message("reel").id
    webhook_id = desk.record(text("چنده؟", NOON + seconds(asked_after), mid="question"), now=END)

    results = desk.together(partial(receive, webhook_id, END), partial(expire, conversation_id, share_id, END))

    assert results[0] is None
    assert results[1] in (True, False)
    assert state(desk) is (ShareState.COMBINED if asked_after < 120 else ShareState.EXPIRED)
    assert desk.message("question").content.startswith("[CONTEXT:") is (asked_after < 120)


@pytest.mark.sqlite_only
def test_the_timer_of_a_combined_share_does_nothing(desk):
    desk.take(reel(NOON, mid="reel"), text("چنده؟", NOON + seconds(1)))

    assert end_wait(desk, END) is False
    assert state(desk) is ShareState.COMBINED


@pytest.mark.sqlite_only
def test_the_timer_of_an_older_share_leaves_the_newer_ones_wait_and_key(desk):
    desk.take(reel(NOON, mid="reel"), reel(NOON + seconds(60), mid="newer"))

    assert end_wait(desk, END) is False
    assert state(desk, "newer") is ShareState.WAITING
    assert desk.app.extensions["pilito_redis"].get(keys.pending_share(desk.conversation.id)) is not None


@pytest.mark.sqlite_only
@pytest.mark.parametrize("ids", [(1, 999), (999, 1)])
def test_a_timer_for_what_is_not_there_does_nothing(desk, ids):
    desk.take(reel(NOON))

    assert desk.call(expire, *ids, END) is False
