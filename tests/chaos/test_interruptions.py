"""Who writes on while the model thinks."""

from dataclasses import dataclass

import pytest

from chaos.history import Said
from chaos.interruptions import Interruptions
from chaos.traffic import Deeds


@dataclass
class NoHouse:
    database_url: str = "sqlite://"
    provider_ports: tuple[int, ...] = (1, 2)


@pytest.fixture
def deeds():
    return Deeds(
        said=[
            Said("m1", "700000000000001", "question", "alpha", 1),
            Said("m2", "700000000000002", "question", "beta", 2),
            Said("m3", "700000000000002", "share", "gamma", 3),
        ]
    )


@pytest.fixture
def written(deeds, monkeypatch):
    """Each message that was written, by customer and word; all are read at once."""
    found = []
    monkeypatch.setattr(Interruptions, "_write", lambda _self, *what: found.append(what) or "mid")
    monkeypatch.setattr("chaos.ledger.is_stored", lambda *_: True)
    return found


def test_who_was_asked_about_writes_on_once(deeds, written):
    interrupt = Interruptions(1, 1.0, 1.0, NoHouse(), deeds, 100)

    interrupt(["alpha"])
    interrupt(["alpha"])

    assert [customer for customer, _ in written] == ["700000000000001"]


def test_who_shared_a_post_since_and_who_is_unknown_do_not(deeds, written):
    interrupt = Interruptions(1, 1.0, 1.0, NoHouse(), deeds, 100)

    interrupt(["beta"])
    interrupt(["of nobody"])

    assert written == []


def test_each_says_a_word_that_nobody_said(deeds, written):
    deeds.said.append(Said("m4", "700000000000003", "question", "delta", 4))
    interrupt = Interruptions(1, 1.0, 1.0, NoHouse(), deeds, 100)

    interrupt(["alpha"])
    interrupt(["delta"])

    assert len({word for _, word in written}) == 2
