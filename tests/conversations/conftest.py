"""What the tests of the verbs share."""

import pytest
from ways import Course


@pytest.fixture
def course(make_shop, request):
    """Follows ways with a fault at each of their places."""
    return Course(make_shop, request.getfixturevalue)
