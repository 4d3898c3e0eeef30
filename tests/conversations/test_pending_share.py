"""The share that waits, as Redis knows it: as long as it waits, and no other one."""

import pytest
from rows import NOON
from shop import seconds

from pilito import keys
from pilito.conversations import pending_share

pytestmark = pytest.mark.sqlite_only


@pytest.fixture
def redis(app):
    return app.extensions["pilito_redis"]


def test_redis_keeps_a_share_until_its_wait_ends(redis):
    pending_share.remember(7, 42, NOON + seconds(120), NOON + seconds(20))

    assert 90_000 < redis.pttl(keys.pending_share(7)) <= 100_000
    assert pending_share.recall(7) == 42
    assert pending_share.recall(8) is None


def test_what_is_over_already_is_not_kept(redis):
    pending_share.remember(7, 42, NOON, NOON)

    assert redis.get(keys.pending_share(7)) is None


def test_the_end_of_an_older_wait_leaves_a_newer_one(redis):
    pending_share.remember(7, 42, NOON + seconds(120), NOON)

    pending_share.forget(7, 41)
    assert pending_share.recall(7) == 42

    pending_share.forget(7, 42)
    assert pending_share.recall(7) is None


def test_a_wait_that_ended_leaves_nothing_behind(redis):
    pending_share.remember(7, 42, NOON + seconds(120), NOON)

    pending_share.forget(7, 42)

    assert redis.keys("*") == []


def test_what_somebody_else_wrote_there_is_no_share(redis):
    redis.set(keys.pending_share(7), "no number")

    assert pending_share.recall(7) is None
