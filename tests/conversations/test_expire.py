"""The wait of a share ends: of this share, once, not early."""

import logging
import random
from datetime import timedelta
from functools import partial

import pytest
from desk import Desk
from in_order import in_order
from longer import examples
from rows import NOON
from shop import reel, seconds, text

from pilito import hints, keys
from pilito.conversations import expire as expiring
from pilito.conversations.expire import expire
from pilito.conversations.receive import receive
from pilito.lifecycle import ShareState
from pilito.models import Conversation, Message

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
def test_a_browser_finds_the_share_that_ended_by_itself(desk):
    desk.take(reel(NOON, mid="reel"))
    before = desk.conversation.seq

    end_wait(desk, END)

    assert desk.message("reel").seq == desk.conversation.seq == before + 1


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

    assert results[0] is True
    assert results[1] in (True, False)
    assert state(desk) is (ShareState.COMBINED if asked_after < 120 else ShareState.EXPIRED)
    assert desk.message("question").content.startswith("[CONTEXT:") is (asked_after < 120)


# Who is first, forced: one stands still right before its commit, with the row's lock, while the other comes; or right
# after it, with nobody told yet, while the other does all of its own. And once nothing is forced.
QUESTION, TIMER = "read", "conversations.expire.expire"
ORDERS = (None, f"{QUESTION}_before", f"{TIMER}_before", f"{QUESTION}_after", f"{TIMER}_after")
FIRST_OFF_MS = (0, -1, 1, -50, 50)


def run_in_order(desk, order, question, timer):
    if order is None:
        desk.together(question, timer)
        return
    held, other = (question, timer) if order.startswith(QUESTION) else (timer, question)
    in_order(order, partial(desk.call, held), partial(desk.call, other), 0.002)


@pytest.mark.whole
def test_t6_the_providers_times_alone_decide_whichever_of_the_two_is_first(desk):
    """Trials around the very end of the wait, in every order: the same in every run, others each time in a longer one.

    FUZZ_TIMES=400 makes them ten thousand; on PostgreSQL twenty times 20 does, for that of the tests is never vacuumed.
    """
    dice = random.Random(6 if examples(1) == 1 else None)
    for number in range(examples(25)):
        order, round_number = ORDERS[number % len(ORDERS)], number // len(ORDERS)
        off_ms = FIRST_OFF_MS[round_number] if round_number < len(FIRST_OFF_MS) else dice.randint(-50, 50)
        customer, asked = f"8{number:014}", NOON + seconds(120) + timedelta(milliseconds=off_ms)
        desk.take(reel(NOON, mid=f"reel-{number}", customer=customer))
        share = desk.message(f"reel-{number}")
        webhook_id = desk.record(text("چنده؟", asked, mid=f"question-{number}", customer=customer), now=END)
        both = partial(receive, webhook_id, END), partial(expire, share.conversation_id, share.id, END)

        run_in_order(desk, order, *both)

        is_taken = desk.message(f"question-{number}").content.startswith("[CONTEXT:")
        assert is_taken is (off_ms < 0), f"{off_ms} ms off, {order}"
        assert desk.shop.share_of(share).state is (ShareState.COMBINED if is_taken else ShareState.EXPIRED)


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


@pytest.mark.sqlite_only
@pytest.mark.parametrize("read_at", [NOON, END + seconds(1)], ids=["in time", "after its wait"])
def test_t7_a_lone_share_whose_timer_fires_before_its_row_is_there_and_five_times_after_sends_nothing(desk, read_at):
    webhook_id = desk.record(reel(NOON, mid="reel"))
    for timer in (expire, expiring.end_wait):
        assert desk.call(timer, 1, 1, END) is False

    desk.call(receive, webhook_id, read_at)
    before = state(desk)
    for late in range(5):
        end_wait(desk, END + seconds(1 + late))
        desk.sweep(END + seconds(60 * late))
    desk.shop.work()

    assert (desk.conversation.id, desk.message("reel").id) == (1, 1)
    assert before is (ShareState.WAITING if read_at == NOON else ShareState.EXPIRED)
    assert state(desk) is ShareState.EXPIRED
    assert (desk.graph.calls, desk.model.calls, desk.deliveries, desk.turn) == ([], [], [], None)


# --- many at once ----------------------------------------------------------------------------------------------------


def take_reels(desk, *customers, sent_at=NOON):
    desk.take(*(reel(sent_at, customer=customer, mid=f"reel-{customer}") for customer in customers))


def end_wait_of(desk, customer, now):
    message = desk.message(f"reel-{customer}")
    return desk.call(expiring.end_wait, message.conversation_id, message.id, now)


def test_the_first_timer_ends_all_waits_that_are_over_and_no_other(desk, caplog):
    caplog.set_level(logging.INFO)
    take_reels(desk, "71", "72", "73")
    take_reels(desk, "74", sent_at=NOON + seconds(1))

    ended = end_wait_of(desk, "72", END)

    assert ended is True
    assert [state(desk, f"reel-{number}") for number in (71, 72, 73)] == [ShareState.EXPIRED] * 3
    assert state(desk, "reel-74") is ShareState.WAITING
    assert caplog.text.count("⏰ Timeout for share") == 3
    assert hints.scheduler().count() == 1


@pytest.mark.sqlite_only
def test_a_browser_finds_each_share_that_ended_with_others(desk):
    take_reels(desk, "71", "72")
    before = {row.id: row.seq for row in desk.rows(Conversation)}

    end_wait_of(desk, "71", END)

    for row in desk.rows(Conversation):
        (message,) = desk.rows(Message, conversation_id=row.id)
        assert row.seq == message.seq == before[row.id] + 1


@pytest.mark.sqlite_only
def test_open_browsers_are_told_of_shares_that_end_together(desk, monkeypatch):
    desk.take(reel(NOON, mid="reel"))
    told = []
    monkeypatch.setattr("pilito.realtime.changed", lambda *what: told.append(what))

    desk.call(expiring.expire_due, END)

    assert told == [(desk.conversation.id, desk.conversation.seq)]


@pytest.mark.sqlite_only
def test_only_the_share_that_ended_is_told_again_and_not_what_was_said_beside_it(desk):
    desk.take(text("سلام", NOON - seconds(60), mid="text"), reel(NOON, mid="reel"))
    before = desk.message("text").seq

    desk.call(expiring.expire_due, END)

    assert desk.message("reel").seq == desk.conversation.seq
    assert desk.message("text").seq == before


def test_a_timer_whose_share_ended_with_another_changes_nothing(desk, caplog):
    caplog.set_level(logging.INFO)
    take_reels(desk, "71", "72")
    end_wait_of(desk, "71", END)
    before = [row.seq for row in desk.rows(Conversation)]

    ended = end_wait_of(desk, "72", END)

    assert ended is True
    assert [row.seq for row in desk.rows(Conversation)] == before
    assert caplog.text.count("⏰ Timeout for share") == 2


@pytest.mark.sqlite_only
def test_a_timer_that_fires_early_does_not_end_its_own_wait(desk):
    take_reels(desk, "71")

    assert end_wait_of(desk, "71", END - seconds(0.001)) is False
    assert state(desk, "reel-71") is ShareState.WAITING


def test_timers_of_many_shares_at_once_expire_each_once(desk, caplog):
    caplog.set_level(logging.INFO)
    customers = [f"7{number}" for number in range(6)]
    take_reels(desk, *customers)
    messages = [desk.message(f"reel-{customer}") for customer in customers]

    results = desk.together(*(partial(expiring.end_wait, one.conversation_id, one.id, END) for one in messages))

    assert results == [True] * 6
    assert caplog.text.count("⏰ Timeout for share") == 6
