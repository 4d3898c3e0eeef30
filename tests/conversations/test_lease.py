"""A turn stays leased while its worker lives."""

import pytest
from desk import Desk
from rows import NOON
from shop import seconds, text

from pilito.clock import utc_now
from pilito.conversations import answer, lease
from pilito.conversations.lease import renew

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
