"""A fault run as it is started by hand, small: what it says of a calm one, and of one with a bug in it."""

import importlib
import inspect
import re

import pytest

from chaos.__main__ import run
from chaos.checker import INVARIANTS, judge
from chaos.plants import PLANTS

system = pytest.mark.bench  # a whole system for half a minute


@system
@pytest.mark.timeout(240)
def test_traffic_alone_violates_nothing():
    history, report = run(1, 40, "sqlite", calm=True)

    assert judge(history) == []
    assert report["answers"] > 10


@system
@pytest.mark.timeout(240)
def test_a_bug_in_the_system_is_found():
    history, _ = run(1, 60, "sqlite", plant="sends-twice")

    assert "I3" in {violation.invariant for violation in judge(history)}


def test_every_plant_names_an_invariant():
    assert {planted.invariant for planted in PLANTS.values()} == set(INVARIANTS)


@pytest.mark.parametrize("name", PLANTS)
def test_what_a_plant_changes_is_still_there(name):
    """A plant for a function that has another name now breaks the program as a whole, and shows nothing."""
    planted = PLANTS[name]
    source = inspect.getsource(planted.patch)
    module = importlib.import_module(planted.module)

    for changed in re.findall(r"module\.(\w+)", source):
        assert hasattr(module, changed), changed
