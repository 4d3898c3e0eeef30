"""What a run must have tried before anybody may say that all holds."""

from dataclasses import replace

import pytest

from chaos.doubts import doubts
from chaos.history import History
from chaos.nemesis import Blow, struck

TRIED = History(
    blows={"worker": [20, 15], "web": [3, 3], "database": [1, 1]},
    met=["700000000000001"],
    model_failures=2,
    is_calm=False,
)

IN_DOUBT = {
    "what breaks things broke": {"nemesis_error": "database: OperationalError: database is locked"},
    "the database never died": {"blows": {**TRIED.blows, "database": [1, 0]}},
    "every worker was spared": {"blows": {**TRIED.blows, "worker": [20, 0]}},
    "nearly every worker was spared": {"blows": {**TRIED.blows, "worker": [20, 2]}},
    "no send met a fault": {"met": []},
    "the model never failed": {"model_failures": 0},
}


def test_a_run_in_which_all_was_tried_is_believed():
    assert list(doubts(TRIED)) == []


@pytest.mark.parametrize("name", IN_DOUBT)
def test_a_run_in_which_something_was_not_tried_proves_nothing(name):
    assert len(list(doubts(replace(TRIED, **IN_DOUBT[name])))) == 1


def test_where_nothing_was_to_fail_nothing_has_to():
    assert list(doubts(replace(TRIED, blows={}, met=[], model_failures=0, is_calm=True))) == []


def test_what_was_to_come_at_the_very_end_may_have_come_too_late():
    blows = [Blow(2, "worker-2"), Blow(4, "worker"), Blow(59, "web")]

    assert struck(blows, {"worker": 1, "worker-2": 1}, seconds=54) == {"worker": [2, 2], "web": [0, 0]}
    assert struck(blows, {}, seconds=60) == {"worker": [2, 0], "web": [1, 0]}
