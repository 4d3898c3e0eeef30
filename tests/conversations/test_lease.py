"""A turn stays leased while its worker lives."""

import re

import pytest
from desk import Desk
from rows import NOON
from shop import seconds, text

from pilito import hints, launch
from pilito.assistant import reader
from pilito.channels.instagram import client
from pilito.clock import utc_now
from pilito.config import ROOT, Settings
from pilito.conversations import answer, deliver, lease, read_media, retake
from pilito.conversations.lease import renew
from pilito.jobs import worker

pytestmark = pytest.mark.sqlite_only


@pytest.fixture
def desk(shop):
    return Desk(shop)


@pytest.fixture
def claim(desk):
    desk.take(text("چنده؟", NOON))
    return desk.call(answer._claim, desk.turn.id, NOON)


def test_a_lease_is_renewed(desk, claim):
    desk.call(renew, {claim.turn_id: claim.attempt})

    assert desk.turn.lease_until > utc_now() + seconds(lease.LEASE_SECONDS - 5)


def test_the_lease_of_an_attempt_that_was_replaced_is_not(desk, claim):
    desk.call(renew, {claim.turn_id: claim.attempt - 1})

    assert desk.turn.lease_until == NOON + seconds(lease.LEASE_SECONDS)


def test_whoever_holds_a_turn_has_a_keeper(app, monkeypatch):
    monkeypatch.setattr(lease, "RENEW_SECONDS", 0.0005)
    monkeypatch.setattr(lease, "_keeper", None)

    kept = []
    for _ in range(300):
        with lease.held(1, 1), lease._lock:
            kept.append(lease._keeper is not None and lease._keeper.is_alive())

    assert all(kept)


# --- times that rest on each other: as delivered, where tests wait less ----------------------------------------------


def test_the_leases_are_those_of_which_the_document_tells():
    told = " ".join((ROOT / "docs" / "faults.md").read_text(encoding="utf-8").split())

    for what, delivered in (("a turn", lease), ("a webhook", retake), ("a send", deliver)):
        assert f"{what} ({delivered.LEASE_SECONDS:g} s)" in told


def test_no_lease_ends_before_the_call_that_it_covers():
    """Else a living worker's work would be somebody else's, by everybody's clock."""
    assert 3 * lease.RENEW_SECONDS <= lease.LEASE_SECONDS  # one renewal may be late
    assert client.CONNECT_SECONDS + client.READ_SECONDS < client.WHOLE_ANSWER_SECONDS <= deliver.LEASE_SECONDS / 2
    assert read_media.LEASE.total_seconds() > reader.LONGEST_SECONDS
    longest = next(one.le for one in Settings.model_fields["openai_total_seconds"].metadata if hasattr(one, "le"))
    assert longest + 2 * lease.RENEW_SECONDS <= hints.JOB_TIMEOUT_SECONDS  # with what is written around the call


def test_what_ends_politely_ends_before_it_is_killed():
    assert worker.DRAIN_SECONDS < 10
    for unit in ("pilito-worker@", "pilito-web", "pilito-scheduler"):
        words = (ROOT / "deploy" / "systemd" / f"{unit}.service").read_text(encoding="utf-8")
        assert int(re.search(r"^TimeoutStopSec=(\d+)$", words, re.MULTILINE)[1]) > 10
    assert launch.STOP_SECONDS > 10
