"""What the tests of the verbs share."""

import pytest
from ways import Course

from pilito.conversations import lease


@pytest.fixture(autouse=True)
def _no_lease_is_renewed(monkeypatch):
    """The keeper of leases goes by the real clock, every five seconds: what it renewed while a model was slow, or in the
    very moment of an answer, would be held for days by the clock of the tests."""
    monkeypatch.setattr(lease, "renew", lambda turns: None)


@pytest.fixture
def course(make_shop, request):
    """Follows ways with a fault at each of their places."""
    return Course(make_shop, request.getfixturevalue)
