"""What the tests of the verbs share."""

import pytest
from ways import Course

from pilito.conversations import lease


@pytest.fixture(autouse=True)
def _no_lease_is_renewed():
    """The keeper of leases goes by the real clock, every five seconds: what it renewed while a model was slow, or in the
    very moment of an answer, would be held for days by the clock of the tests. By a patch of its own: the tests' must be
    undone before their application goes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lease, "renew", lambda turns: None)
        yield


@pytest.fixture
def course(make_shop, request):
    """Follows ways with a fault at each of their places."""
    return Course(make_shop, request.getfixturevalue)
