"""PILITO_FAILPOINT: what it may say, and that a process really dies of it."""

import signal
import subprocess
import sys

import pytest

from pilito import failpoints
from pilito.errors import ConfigError


@pytest.fixture(autouse=True)
def _nothing_planted():
    yield
    failpoints.arm("")


def test_what_is_planted_happens_there_and_nowhere_else():
    failpoints.arm("p6_before:raise")

    with pytest.raises(failpoints.PlantedError), failpoints.around("p6"):
        pytest.fail("It was raised too late.")
    with failpoints.around("p5"):
        pass


def test_several_are_planted_at_once_and_all_are_gone_with_the_next_word():
    failpoints.arm("p5_after:raise, p6_before:raise")
    with pytest.raises(failpoints.PlantedError), failpoints.around("p5"):
        pass

    failpoints.arm("")

    with failpoints.around("p5"), failpoints.around("p6"):
        pass


def test_it_sleeps_as_long_as_it_says(monkeypatch):
    slept = []
    monkeypatch.setattr(failpoints.time, "sleep", slept.append)
    failpoints.arm("p8_before:sleep30")

    with failpoints.around("p8"):
        assert slept == [30]


def test_a_process_dies_of_it():
    program = "from pilito import failpoints; failpoints.arm('p2_after:kill')\nwith failpoints.around('p2'): print('in')\nprint('on')"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)

    assert done.returncode == -signal.SIGKILL
    assert "on" not in done.stdout


@pytest.mark.parametrize("word", ["p6_before", "p6:kill", "p99_before:kill", "p6_before:explode", "p6_before:sleep"])
def test_a_word_that_says_nothing_stops_the_start(word):
    with pytest.raises(ConfigError, match="PILITO_FAILPOINT"):
        failpoints.arm(word)


def test_production_takes_none():
    with pytest.raises(ConfigError, match="nothing in production"):
        failpoints.arm("p6_before:kill", in_production=True)
