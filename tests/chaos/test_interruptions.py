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
    """Each message that was written, by customer and word; all are read at once. Nobody corrects anything."""
    found = []
    monkeypatch.setattr("chaos.interruptions.CORRECTED", 0.0)
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


@pytest.fixture
def corrected(deeds, monkeypatch):
    """Each message that was corrected, and its new word; those in `unread` are not read yet."""
    found, unread = [], set()
    monkeypatch.setattr("chaos.interruptions.CORRECTED", 1.0)
    monkeypatch.setattr(Interruptions, "_write", lambda _self, *_what: found.append("written") or "mid")
    monkeypatch.setattr(Interruptions, "_change", lambda _self, asked, word: found.append((asked.mid, word)) or 5)
    monkeypatch.setattr("chaos.ledger.is_stored", lambda *_: True)
    monkeypatch.setattr("chaos.ledger.says", lambda _database, mid, _word: mid not in unread)
    return found, unread


def test_who_corrects_what_was_asked_is_noted_with_the_moment_from_which_it_was_known(deeds, corrected):
    Interruptions(1, 1.0, 1.0, NoHouse(), deeds, 100)(["alpha"])

    (change,) = deeds.changed
    assert (change.mid, change.kind, change.at_ms) == ("m1", "edit", 5)
    assert corrected[0] == [("m1", change.word)]
    assert change.known_ms > 0


def test_a_correction_that_nobody_has_read_yet_voids_nothing(deeds, corrected):
    corrected[1].add("m1")

    Interruptions(1, 1.0, 0.0, NoHouse(), deeds, 100)(["alpha"])

    assert [change.known_ms for change in deeds.changed] == [0]


def test_what_the_plan_changes_is_not_corrected_too(deeds, corrected):
    deeds.to_be_changed.add("m1")

    Interruptions(1, 1.0, 1.0, NoHouse(), deeds, 100)(["alpha"])

    assert corrected[0] == ["written"]
    assert deeds.changed == []
