"""Somebody who is logged in."""

import pytest
from rows import FreshClient, add_operator

from pilito.database import transaction
from pilito.lifecycle import Role


@pytest.fixture
def log_in(app):
    """Return a browser in which a person of this role is logged in."""

    def make(role=Role.AGENT, language="en"):
        with transaction():
            operator = add_operator(role)
            operator.language = language
            session_id = operator.get_id()
        client = FreshClient(app)
        with client.session_transaction() as session:
            session.update({"_user_id": session_id, "_fresh": True})
        return client

    return make
