"""Customers see that they were read and that somebody writes: in time or not at all, and nothing waits for it."""

import threading
import time

import pytest
from desk import Desk
from rows import NOON
from shop import seconds, text

from pilito import keys
from pilito.channels.base import Signal
from pilito.clock import utc_now
from pilito.conversations import signals
from pilito.conversations.answer import _claim
from pilito.conversations.read import mark_read
from pilito.database import transaction
from pilito.errors import Refused
from pilito.lifecycle import DeliveryState, InboxState
from pilito.models import Inbox

pytestmark = pytest.mark.sqlite_only
BOTH = [Signal.SEEN.value, Signal.TYPING.value]


@pytest.fixture
def desk(shop):
    """A customer has asked; the assistant is writing."""
    desk = Desk(shop)
    desk.take(text("چنده؟", NOON))
    desk.call(_claim, desk.turn.id, NOON)
    return desk


def show(desk, words=BOTH, asked_at=NOON, now=NOON):
    desk.call(signals.show, desk.conversation.id, list(words), asked_at.timestamp(), now)
    return desk.graph.signals


def counts(desk):
    return desk.call(signals.counts)


def test_the_customer_sees_that_we_read_and_write(desk):
    assert show(desk) == ["mark_seen", "typing_on"]
    assert counts(desk) == {("seen", "sent"): 1, ("typing", "sent"): 1}


def test_a_signal_that_is_late_is_dropped(desk):
    assert show(desk, now=NOON + seconds(10)) == ["mark_seen", "typing_on"]
    assert show(desk, now=NOON + seconds(10.1)) == ["mark_seen", "typing_on"]
    assert counts(desk)["typing", "late"] == 1


def test_nobody_types_after_the_reply(desk):
    with transaction():
        turn = signals.turns.find_unfinished(desk.conversation.id)
        turn.state = "answered"

    assert show(desk) == ["mark_seen"]
    assert counts(desk)["typing", "not_wanted"] == 1


@pytest.mark.parametrize("off", [Signal.SEEN, Signal.TYPING])
def test_each_can_be_switched_off_and_on_again(desk, off):
    inbox_id = desk.conversation.inbox_id
    action = {"seen": "mark_seen", "typing": "typing_on"}[off]

    desk.call(signals.choose, inbox_id, {off: False})
    assert action not in show(desk)
    assert len(desk.graph.signals) == 1
    desk.call(signals.choose, inbox_id, {off: True})
    assert action in show(desk)


def test_an_inbox_that_is_not_there_cannot_be_switched(desk):
    with pytest.raises(Refused, match="no inbox 99"):
        desk.call(signals.choose, 99, {Signal.SEEN: False})


def test_nothing_is_shown_by_an_account_that_is_stopped_or_rests_or_whose_time_is_over(desk):
    for changes in ({"state": InboxState.STOPPED}, {"state": InboxState.ACTIVE, "paused_until": NOON + seconds(60)}):
        with transaction():
            inbox = desk.conversation.inbox
            for name, value in changes.items():
                setattr(inbox, name, value)
        assert show(desk) == []
    week = NOON + seconds(7 * 86_400)
    assert show(desk, asked_at=week, now=week) == []


def test_a_refusal_is_counted_and_changes_nothing(desk):
    desk.graph.signal_answer = (401, {"error": {"code": 190, "message": "expired"}})

    show(desk)

    assert counts(desk) == {("seen", "failed"): 1, ("typing", "failed"): 1}
    assert desk.rows(Inbox)[0].state is InboxState.ACTIVE


def test_opening_a_conversation_shows_that_it_was_seen_once(desk):
    for _ in range(2):
        desk.call(mark_read, desk.conversation.id, utc_now())
    with transaction():
        desk.conversation.last_customer_message_at = utc_now()
    desk.shop.work(keys.SIGNALS)

    assert desk.graph.signals == ["mark_seen"]


# --- while it writes -------------------------------------------------------------------------------------------------


def wait_for_typing_to_end():
    """It was told to; it may be in the middle of a last word."""
    for thread in threading.enumerate():
        if thread.name == "typing":
            thread.join(20)


def test_a_slow_answer_shows_typing_until_it_is_there_and_a_quick_one_never(shop, monkeypatch):
    monkeypatch.setattr(signals, "TYPING_AFTER_SECONDS", 0.03)
    monkeypatch.setattr(signals, "TYPING_AGAIN_SECONDS", 0.03)
    monkeypatch.setattr(signals, "_room", signals.Room(1000))
    asked = []
    monkeypatch.setattr(signals, "ask", lambda _id, which: asked.append([*which]))
    desk = Desk(shop)

    def slow(payload):
        deadline = time.monotonic() + 5
        while len(asked) < 3 and time.monotonic() < deadline:
            time.sleep(0.005)
        return desk.model.default(payload)

    desk.model.script = [slow]
    desk.take(text("چنده؟", NOON))
    desk.answer()
    wait_for_typing_to_end()
    count = len(asked)
    monkeypatch.setattr(signals, "TYPING_AFTER_SECONDS", 60)
    desk.take(text("و این؟", NOON + seconds(5)), now=NOON + seconds(5))
    desk.answer(NOON + seconds(5))

    assert asked[0] == [Signal.SEEN, Signal.TYPING]
    assert all(one == [Signal.TYPING] for one in asked[1:])
    assert len(asked) == count
    assert len(desk.replies) == 2


def test_many_answers_at_once_do_not_all_show_it():
    room = signals.Room(2)

    second = int(time.monotonic())
    taken = [room.take() for _ in range(4)]

    assert taken == [True, True, False, False] or int(time.monotonic()) != second


def test_redis_away_and_a_refusing_provider_neither_delay_nor_fail_the_answer(shop, monkeypatch):
    monkeypatch.setattr(signals, "TYPING_AFTER_SECONDS", 0)
    broken = threading.Event()

    def fail(*_args):
        broken.set()
        raise OSError("away")

    monkeypatch.setattr(signals.hints, "hint", lambda queue, *args: fail() if queue == keys.SIGNALS else None)
    monkeypatch.setattr(threading, "excepthook", lambda _args: None)
    desk = Desk(shop)
    desk.model.delay_seconds = 0.02
    desk.take(text("چنده؟", NOON))

    desk.answer()
    desk.deliver()

    assert broken.wait(20)
    assert [one.state for one in desk.deliveries] == [DeliveryState.SENT]
