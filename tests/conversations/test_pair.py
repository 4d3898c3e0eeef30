"""The pairing of shares and questions on rows: the edges of its window and of clocks."""

import logging

import pytest
from desk import Desk
from rows import NOON
from shop import edited, reel, seconds, text

from pilito.conversations.expire import expire
from pilito.database import transaction
from pilito.lifecycle import EventOutcome, ShareState
from pilito.models import TallyMark, db

ONE = seconds(1)
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


def test_a_share_whose_end_everybody_missed_ends_with_the_next_message(desk, caplog):
    caplog.set_level(logging.INFO)
    desk.take(reel(NOON, mid="reel"))

    desk.take(text("سلام", NOON + seconds(3600)), now=NOON + seconds(3600))

    assert place(desk, "reel") == (ShareState.EXPIRED, None)
    assert desk.shop.share_of(desk.message("reel")).found_in_cache is None
    assert f"⏰ Timeout for share {desk.message('reel').id}" in caplog.text


def test_a_question_with_its_share_tells_no_browser_of_another_text(desk):
    desk.take(text("سلام", NOON - seconds(60), mid="other"))
    before = desk.message("other").seq

    desk.take(reel(NOON, mid="reel"), text("چنده؟", NOON + seconds(5)), now=NOON + seconds(5))

    assert place(desk, "reel")[0] is ShareState.COMBINED
    assert desk.message("other").seq == before


def test_a_text_that_has_nothing_to_do_with_a_share_tells_no_browser_of_it(desk):
    desk.take(reel(NOON, mid="reel"))
    desk.call(expire, desk.conversation.id, desk.message("reel").id, NOON + seconds(120))
    before = desk.message("reel").seq

    desk.take(text("سلام", NOON + seconds(200)), now=NOON + seconds(200))

    assert desk.message("reel").seq == before


def test_a_share_that_was_over_when_its_question_came_counts_neither_as_hit_nor_as_miss(desk):
    desk.take(reel(NOON, mid="reel"))
    desk.call(expire, desk.conversation.id, desk.message("reel").id, NOON + seconds(120))

    desk.take(text("چنده؟", NOON + seconds(119), mid="question"), now=NOON + seconds(125))

    assert place(desk, "reel") == (ShareState.COMBINED, desk.message("question").id)
    assert desk.shop.share_of(desk.message("reel")).found_in_cache is None


def test_the_log_shows_the_first_fifty_characters_of_a_caption_on_one_line(desk, caplog):
    caplog.set_level(logging.INFO)
    caption = "پیراهن\r\nسبز\u2028" + "x" * 60

    desk.take(reel(NOON, caption=caption))

    assert f"Caption preview: پیراهن سبز {'x' * 39} · Timeout: 120s" in caplog.text


def test_the_log_shows_nothing_where_a_post_has_no_caption(desk, caplog):
    caplog.set_level(logging.INFO)

    desk.take(reel(NOON, caption=None))

    assert "Caption preview:  · Timeout: 120s" in caplog.text


def test_a_question_keeps_its_post_when_a_later_message_does_not_look_so_far_back_as_the_post(desk):
    desk.take(reel(NOON, mid="reel"), text("چنده؟", NOON + seconds(100), mid="question"), now=NOON + seconds(100))

    desk.take(reel(NOON + seconds(270), mid="next"), now=NOON + seconds(270))

    assert place(desk, "reel") == (ShareState.COMBINED, desk.message("question").id)
    assert desk.message("question").content.startswith("[CONTEXT:")
    assert place(desk, "next") == (ShareState.WAITING, None)


def test_a_question_that_took_a_post_of_long_ago_is_not_free_for_the_next(desk):
    desk.take(reel(NOON, mid="reel"), text("چنده؟", NOON + seconds(119), mid="question"), now=NOON + seconds(119))
    desk.take(reel(NOON + seconds(124), caption="پیراهن آبی", mid="next"), now=NOON + seconds(124))

    desk.take(text("سلام", NOON + seconds(300)), now=NOON + seconds(300))

    assert place(desk, "next") == (ShareState.EXPIRED, None)
    assert "پیراهن آبی" not in desk.message("question").content


def test_a_question_is_read_with_the_nearer_post_though_that_comes_last(desk):
    desk.take(reel(NOON, caption="پیراهن سبز"), text("چنده؟", NOON + seconds(10), mid="question"))

    desk.take(reel(NOON + seconds(5), caption="پیراهن آبی", mid="nearer"), now=NOON + seconds(12))

    assert place(desk, "nearer") == (ShareState.COMBINED, desk.message("question").id)
    assert "پیراهن آبی" in desk.message("question").content
    assert "پیراهن سبز" not in desk.message("question").content


def test_a_question_that_was_answered_is_not_free_for_a_post_that_comes_after_it(desk):
    desk.take(text("ساعت کاری؟", NOON, mid="question"))
    desk.answer(NOON + seconds(3000))

    desk.take(reel(NOON + seconds(5), mid="reel"), now=NOON + seconds(3001))
    alone = place(desk, "reel")
    desk.take(text("سلام", NOON + seconds(10)), now=NOON + seconds(3002))

    assert desk.message("question").answered_by_id is not None
    assert alone == (ShareState.EXPIRED, None)
    assert place(desk, "reel")[1] != desk.message("question").id


def test_that_a_post_and_its_question_met_is_logged_once(desk, caplog):
    caplog.set_level(logging.INFO)
    link = "https://www.instagram.com/p/CxYz123AbC{}/"
    desk.take(text(link.format(1), NOON, mid="link"), text("چنده", NOON + ONE, mid="question"), now=NOON + ONE)

    desk.take(edited("question", "چنده؟", NOON + seconds(2)), now=NOON + seconds(2))
    desk.take(edited("link", link.format(2), NOON + seconds(3)), now=NOON + seconds(3))

    assert desk.message("question").content.endswith(f"{link.format(2)}\n[/CONTEXT]\nچنده؟")
    assert caplog.text.count("Combined content length") == 1


def test_an_hour_in_which_a_wait_ended_is_counted_anew(desk):
    desk.take(reel(NOON, mid="reel"), now=NOON)
    with transaction():
        db.session.execute(db.delete(TallyMark))

    desk.call(expire, desk.conversation.id, desk.message("reel").id, NOON + seconds(3 * 3600))

    assert [mark.at for mark in desk.rows(TallyMark)] == [NOON]
