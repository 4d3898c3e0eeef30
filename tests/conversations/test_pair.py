"""The pairing of shares and questions on rows: the edges of its window and of clocks."""

import pytest
from desk import Desk
from rows import NOON
from shop import reel, seconds, text

from pilito.conversations.expire import expire
from pilito.lifecycle import EventOutcome, ShareState

pytestmark = pytest.mark.sqlite_only


@pytest.fixture
def desk(make_shop):
    return Desk(make_shop(reply_quiet_seconds=3000, reply_quiet_max_seconds=3000))


def place(desk, mid):
    share = desk.shop.share_of(desk.message(mid))
    return share.state, share.combined_with_id


def test_an_expired_share_does_not_wait_again_for_a_worker_whose_clock_is_behind(desk):
    desk.take(reel(NOON, mid="reel"), now=NOON)
    desk.call(expire, desk.conversation.id, desk.message("reel").id, NOON + seconds(120))

    webhook_id = desk.take(text("سلام", NOON - seconds(60), mid="earlier"), now=NOON + seconds(119))

    assert desk.outcomes(webhook_id) == [EventOutcome.STORED]
    assert place(desk, "reel") == (ShareState.EXPIRED, None)


def test_a_pair_stays_when_a_later_message_looks_at_its_share_but_not_so_far_back_as_its_question(desk):
    desk.take(text("قیمت این؟", NOON, mid="question"), reel(NOON + seconds(5), mid="reel"))

    desk.take(text("سلام", NOON + seconds(262)), now=NOON + seconds(262))

    assert place(desk, "reel") == (ShareState.COMBINED, desk.message("question").id)
    assert desk.message("question").content.startswith("[CONTEXT:")


def test_several_shares_at_one_instant_leave_one_waiting(desk):
    desk.take(*(reel(NOON, mid=f"reel-{number}") for number in range(3)))

    states = [place(desk, f"reel-{number}")[0] for number in range(3)]

    assert states == [ShareState.SUPERSEDED, ShareState.SUPERSEDED, ShareState.WAITING]
