"""An account is called no faster than its provider allows: what waits is late, never lost, and in its order."""

import json

import pytest
from desk import Desk
from redis.exceptions import RedisError
from rows import NOON
from shop import echo, seconds, text

from pilito import keys
from pilito.channels.base import Limit, Usage
from pilito.channels.instagram import limits
from pilito.conversations import deliver as delivering
from pilito.conversations import pace
from pilito.conversations.answer import answer
from pilito.conversations.deliver import deliver
from pilito.conversations.reply import reply
from pilito.conversations.take_over import give_back
from pilito.jobs.replies import get_model
from pilito.lifecycle import ConversationState, DeliveryState
from pilito.models import Inbox

TWO = Limit("two", 2, 60)
BLOCKED = {"X-Business-Use-Case-Usage": json.dumps({"1": [{"call_count": 100, "estimated_time_to_regain_access": 10}]})}


@pytest.fixture
def desk(shop):
    desk = Desk(shop)
    desk.take(text("چنده؟", NOON, mid="question"))
    return desk


def say(desk, *words, now=NOON):
    return [desk.call(reply, desk.conversation.id, None, word, word, now).id for word in words]


def usage(percent):
    return {"X-App-Usage": json.dumps({"call_count": percent})}


def answered_with(desk, headers):
    return lambda payload: (*desk.graph.default(payload), headers)


def states(desk):
    return [one.state for one in desk.deliveries]


# --- our own limits --------------------------------------------------------------------------------------------------


@pytest.mark.sqlite_only
def test_what_is_above_the_limit_waits_and_what_is_below_does_not(app):
    waits = [pace.wait_seconds(1, [TWO]) for _ in range(3)]

    assert waits[:2] == [0, 0]
    assert 0 < waits[2] <= 65
    assert pace.wait_seconds(1, []) == 0


@pytest.mark.sqlite_only
def test_what_waits_comes_back_after_the_window_spread_over_some_seconds(app, monkeypatch):
    monkeypatch.setattr(pace.random, "uniform", lambda _least, most: most)

    waits = [pace.wait_seconds(1, [TWO]) for _ in range(3)]

    assert 60 < waits[2] <= 65


@pytest.mark.sqlite_only
def test_no_connection_to_the_database_is_held_while_the_calls_are_counted(desk, monkeypatch):
    say(desk, "یک")
    held, count = [], pace.wait_seconds
    monkeypatch.setattr(pace, "wait_seconds", lambda *args: held.append(desk.pool_in_use()) or count(*args))

    desk.deliver(NOON)

    assert held == [0]


@pytest.mark.sqlite_only
def test_every_account_and_every_limit_counts_for_itself(app):
    for _ in range(3):
        pace.wait_seconds(1, [TWO])

    assert pace.wait_seconds(2, [TWO]) == 0
    assert pace.wait_seconds(1, [Limit("another", 2, 60)]) == 0
    assert pace.wait_seconds(1, [TWO, Limit("another", 2, 60)]) > 0


@pytest.mark.sqlite_only
def test_without_redis_there_is_no_limit(app, monkeypatch):
    """Of ours: it guards no door, and an answer does not wait for a counter. The provider's own holds (C13)."""

    class Away:
        def hit(self, *_args):
            raise RedisError("away")

    monkeypatch.setitem(app.extensions, "pilito_pace", Away())

    assert pace.wait_seconds(1, [TWO]) == 0


@pytest.mark.sqlite_only
def test_the_counts_end_with_their_window(app):
    pace.wait_seconds(1, [Limit("short", 2, 1)])

    redis = app.extensions["pilito_redis"]
    (key,) = redis.keys(f"{keys.PACE}*")
    assert 0 < redis.pttl(key) <= 1000


def test_a_reply_above_the_limit_leaves_later_and_all_leave_once_in_their_order(desk, monkeypatch):
    monkeypatch.setattr(limits, "MESSAGES", TWO)
    words = [f"پاسخ {number}" for number in range(4)]
    say(desk, *words)

    desk.deliver(NOON)
    first = list(desk.graph.texts)
    assert NOON < desk.deliveries[2].due_at <= NOON + seconds(65)
    desk.app.extensions["pilito_redis"].flushall()
    desk.deliver(max(one.due_at for one in desk.deliveries))
    desk.app.extensions["pilito_redis"].flushall()
    desk.deliver(max(one.due_at for one in desk.deliveries))

    assert first == words[:2]
    assert desk.graph.texts == words
    assert [one.attempt for one in desk.deliveries] == [1, 1, 1, 1]


@pytest.fixture
def used_up(desk, monkeypatch):
    """The account has made all the calls that it may make for now."""
    monkeypatch.setattr(limits, "MESSAGES", TWO)
    monkeypatch.setattr("pilito.jobs.deliveries.utc_now", lambda: NOON + seconds(65))
    for _ in range(2):
        pace.wait_seconds(desk.shop.inbox_id, [TWO])
    return desk


def answer_and_send(desk):
    desk.call(answer, desk.turn.id, get_model(), lambda: NOON, delivering.begin)


@pytest.mark.sqlite_only
def test_who_wrote_an_answer_above_the_limit_leaves_it_to_a_job_of_its_time(used_up):
    desk = used_up

    answer_and_send(desk)
    (waiting,) = desk.deliveries
    assert (waiting.state, waiting.lease_until, desk.graph.calls) == (DeliveryState.PENDING, None, [])
    assert NOON < waiting.due_at <= NOON + seconds(65)
    desk.app.extensions["pilito_redis"].delete(*desk.app.extensions["pilito_redis"].keys(f"{keys.PACE}*"))
    desk.shop.tick(waiting.due_at - seconds(0.01))
    desk.shop.work()
    before = list(desk.graph.texts)
    desk.shop.tick(waiting.due_at)
    desk.shop.work()

    assert before == []
    assert states(desk) == [DeliveryState.SENT]


@pytest.mark.sqlite_only
def test_an_answer_that_was_found_sent_while_its_calls_were_counted_does_not_leave_again(used_up, monkeypatch):
    desk = used_up

    def find_it(*_):
        desk.take(echo(desk.deliveries[0].text, NOON, "mid.ours"))
        return 5.0

    monkeypatch.setattr(pace, "wait_seconds", find_it)
    answer_and_send(desk)

    assert states(desk) == [DeliveryState.SENT]
    assert desk.deliveries[0].external_id == "mid.ours"


# --- the provider's word ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("told", "rest"),
    [
        (Usage(), 0),
        (Usage(79), 0),
        (Usage(80), 0.5),
        (Usage(99), 10),
        (Usage(100), pace.FULL_PAUSE_SECONDS),
        (Usage(100, 120), 120),
        (Usage(5, 60), 60),
    ],
)
def test_the_fuller_the_limit_the_longer_the_rest(told, rest):
    assert pace.pause_seconds(told) == rest


@pytest.mark.sqlite_only
def test_an_account_that_is_used_up_rests_although_the_send_went_well(desk):
    desk.graph.script = [answered_with(desk, BLOCKED)]
    say(desk, "یک", "دو")

    desk.deliver(NOON)
    desk.deliver(NOON + seconds(599))
    waiting = states(desk)
    desk.deliver(NOON + seconds(600))

    assert waiting == [DeliveryState.SENT, DeliveryState.PENDING]
    assert desk.rows(Inbox)[0].paused_until == NOON + seconds(600)
    assert desk.graph.texts == ["یک", "دو"]
    assert desk.conversation.state is ConversationState.OPERATOR


@pytest.mark.sqlite_only
def test_who_wrote_an_answer_leaves_it_where_the_account_rests(desk):
    desk.graph.script = [answered_with(desk, BLOCKED)]
    say(desk, "یک")
    desk.deliver(NOON)
    desk.call(give_back, desk.conversation.id, None, NOON)
    desk.take(text("و سایز؟", NOON))

    answer_and_send(desk)

    assert states(desk) == [DeliveryState.SENT, DeliveryState.PENDING]
    assert desk.graph.texts == ["یک"]


@pytest.mark.sqlite_only
def test_an_account_near_its_limit_is_slowed_and_one_far_from_it_is_not(desk):
    desk.graph.script = [answered_with(desk, usage(50)), answered_with(desk, usage(89))]
    say(desk, "یک", "دو", "سه")

    desk.deliver(NOON)
    before = list(desk.graph.texts)
    desk.deliver(NOON + seconds(5))

    assert before == ["یک", "دو"]
    assert desk.graph.texts == ["یک", "دو", "سه"]


def test_a_refusal_that_says_how_long_pauses_the_whole_account_and_fails_nothing(desk):
    busy = (400, {"error": {"code": 80002, "message": "slower"}}, BLOCKED)
    desk.graph.script = [busy] * 7
    first = say(desk, "یک")[0]

    desk.call(deliver, first, lambda: NOON)
    assert desk.rows(Inbox)[0].paused_until == NOON + seconds(600)

    now = NOON + seconds(601)
    for _ in range(6):
        desk.call(deliver, first, lambda now=now: now)
        desk.call(deliver, first, lambda now=now: now + seconds(300))
        now += seconds(601)
    desk.call(deliver, first, lambda: now)

    assert desk.deliveries[0].due_at == now - seconds(1)
    assert len(desk.graph.calls) == 8
    assert states(desk) == [DeliveryState.SENT]
    assert desk.graph.texts == ["یک"]


@pytest.mark.sqlite_only
def test_a_pause_does_not_outlive_the_time_to_reply(desk):
    week = seconds(7 * 86_400)
    desk.graph.script = [answered_with(desk, BLOCKED)]
    say(desk, "یک", "دو")
    desk.deliver(NOON)

    desk.deliver(NOON + week)

    assert states(desk) == [DeliveryState.SENT, DeliveryState.FAILED]
    assert desk.deliveries[1].error == "window_closed"


@pytest.mark.sqlite_only
def test_a_reply_that_waited_over_the_end_of_the_day_leaves_with_the_tag_for_people(desk):
    day = seconds(86_400)
    desk.graph.script = [answered_with(desk, BLOCKED)]
    say(desk, "یک", "دو", now=NOON + day - seconds(60))
    desk.deliver(NOON + day - seconds(60))

    desk.deliver(NOON + day + seconds(600))

    assert [call.get("tag") for call in desk.graph.calls] == [None, "HUMAN_AGENT"]
    assert states(desk) == [DeliveryState.SENT] * 2


@pytest.mark.sqlite_only
def test_the_sweep_leaves_a_resting_account_alone_and_wakes_it_afterwards(desk):
    desk.graph.script = [answered_with(desk, BLOCKED)]
    say(desk, "یک", "دو", "سه")
    desk.deliver(NOON)

    assert desk.sweep(NOON + seconds(590))["deliveries"] == 0
    assert desk.sweep(NOON + seconds(610))["deliveries"] == 2


def test_half_a_second_is_a_rest_and_no_time_is_none():
    inbox = Inbox()

    pace.pause(inbox, 0, NOON)
    assert inbox.paused_until is None

    pace.pause(inbox, 0.5, NOON)
    assert inbox.paused_until == NOON + seconds(0.5)


@pytest.mark.sqlite_only
def test_a_shorter_pause_does_not_shorten_a_longer_one(desk):
    desk.graph.script = [answered_with(desk, BLOCKED)]
    say(desk, "یک")
    desk.deliver(NOON)
    inbox = desk.rows(Inbox)[0]

    pace.pause(inbox, 5, NOON)
    assert inbox.paused_until == NOON + seconds(600)

    pace.pause(inbox, 700, NOON)
    assert inbox.paused_until == NOON + seconds(700)
