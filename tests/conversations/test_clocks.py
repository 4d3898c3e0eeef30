"""C8: clocks that differ by minutes between the machines, and clocks that are set back.

Whether a question takes a share follows from the provider's times alone. A lease that somebody with another clock takes
for over costs a second call of the model, and never a second send.
"""

import itertools
from datetime import timedelta

import pytest
from desk import Desk
from rows import NOON
from shop import reel, seconds, text

from pilito.conversations.deliver import begin
from pilito.conversations.expire import expire_due
from pilito.conversations.receive import receive
from pilito.jobs.replies import get_model
from pilito.lifecycle import DeliveryState, ShareState
from pilito.models import Delivery, Share, db

SKEWS = [*itertools.product((seconds(-90), seconds(90)), repeat=3), (seconds(-3600), seconds(0), seconds(90))]
AHEAD, HOUR = seconds(90), timedelta(hours=1)


@pytest.fixture
def desk(shop):
    return Desk(shop)


@pytest.mark.sqlite_only
@pytest.mark.parametrize("seconds_between", [119, 121])
def test_c8_pairing_asks_none_of_our_clocks(desk, seconds_between):
    """Web, worker and sweep, each with a clock of its own; the sweep ends the wait before the question comes, or not."""
    ends = {}
    for number, (web, worker, sweeper) in enumerate(SKEWS):
        customer, share, question = f"70000000000{number:04}", f"share-{number}", f"question-{number}"
        where = {"customer": customer}
        at = NOON + seconds(seconds_between)
        first = desk.record(reel(NOON, mid=share, **where), now=NOON + web)
        desk.call(receive, first, NOON + worker)
        desk.call(expire_due, at - seconds(1) + sweeper)
        second = desk.record(text("این چنده؟", at, mid=question, **where), now=at + web)
        desk.call(receive, second, at + worker)
        desk.call(expire_due, at + sweeper + HOUR * 2)
        [row] = desk.rows(Share, message_id=desk.message(share).id)
        ends[web, worker, sweeper] = row.state, row.combined_with_id is not None

    expected = (ShareState.COMBINED, True) if seconds_between < 120 else (ShareState.EXPIRED, False)
    assert set(ends.values()) == {expected}


def ask(desk):
    desk.take(text("این چنده؟", NOON))
    return desk.turn.id


def answer(desk, turn_id, clock):
    from pilito.conversations.answer import answer as verb

    desk.call(lambda: verb(turn_id, get_model(), clock, begin))


def work_ahead(desk, turn_id):
    """A machine whose clock is ninety seconds ahead sweeps, and does what it found."""
    assert desk.sweep(NOON + AHEAD)["turns"] == 1
    answer(desk, turn_id, lambda: NOON + AHEAD)


def test_c8_a_worker_whose_clock_is_ahead_takes_a_living_ones_turn_and_one_answer_is_sent(desk):
    turn_id = ask(desk)
    done = []

    def meanwhile(payload):
        work_ahead(desk, turn_id)
        done.append(len(desk.graph.sent))
        return desk.model.default(payload)

    desk.model.script = [meanwhile]

    answer(desk, turn_id, lambda: NOON)

    assert done == [1]  # the other was first
    assert len(desk.model.calls) == 2  # a call more is what it costs
    assert len(desk.graph.sent) == 1
    assert [one.state for one in desk.deliveries] == [DeliveryState.SENT]


def test_c8_a_sweep_that_takes_a_living_send_for_lost_sends_nothing_and_its_outcome_is_kept(desk):
    turn_id = ask(desk)
    seen = []

    def meanwhile(payload):
        assert desk.sweep(NOON + AHEAD)["lost_sends"] == 1
        seen.append(desk.call(lambda: db.session.scalars(db.select(Delivery.state)).all()))
        return desk.graph.default(payload)

    desk.graph.script = [meanwhile]

    answer(desk, turn_id, lambda: NOON)
    desk.sweep(NOON + AHEAD * 2)
    desk.deliver(NOON + AHEAD * 2)

    assert seen == [[DeliveryState.UNKNOWN]]
    assert len(desk.graph.sent) == 1
    assert [one.state for one in desk.deliveries] == [DeliveryState.SENT]


def test_c8_a_clock_that_is_set_back_between_two_looks_changes_nothing(desk):
    turn_id = ask(desk)
    clock = iter([NOON, NOON - HOUR, NOON - HOUR, NOON - HOUR])

    answer(desk, turn_id, lambda: next(clock))
    assert len(list(clock)) < 3  # it was looked at again
    desk.sweep(NOON + seconds(10))
    desk.deliver(NOON + seconds(10))

    assert len(desk.graph.sent) == 1
    assert [one.state for one in desk.deliveries] == [DeliveryState.SENT]


def test_c8_what_is_due_waits_for_a_clock_that_was_set_back_and_no_longer(desk):
    """An hour back is an hour late, and nothing lost: the row knows when it is due."""
    turn_id = ask(desk)

    desk.sweep(NOON - HOUR)
    answer(desk, turn_id, lambda: NOON - HOUR)
    assert desk.graph.sent == []

    answer(desk, turn_id, lambda: NOON + seconds(5))
    assert len(desk.graph.sent) == 1
