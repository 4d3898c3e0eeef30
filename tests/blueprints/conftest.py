"""Somebody who is logged in."""

import pytest
from rows import FreshClient, add_operator

from pilito import create_app, passwords
from pilito.database import transaction
from pilito.extensions import socketio
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


@pytest.fixture
def call(app, make_settings, monkeypatch):
    """Open the live line as this browser; without Redis between, which Flask-SocketIO's test client does not know.

    The app that this needs takes over the one server of the process; the other tests get theirs back.
    """
    monkeypatch.setattr(socketio, "server", socketio.server)
    monkeypatch.setattr(socketio, "sockio_mw", socketio.sockio_mw)
    monkeypatch.setattr(socketio, "server_options", dict(socketio.server_options))

    made = []

    def make(browser):
        if not made:
            made.append(create_app(make_settings(redis_url="")))
            made[0].extensions["pilito_redis"] = app.extensions["pilito_redis"]
        alone = browser.application = made[0]
        return socketio.test_client(alone, flask_test_client=browser)

    return make


@pytest.fixture
def crowd():
    """As many as may wait for their turn do; called, it goes home."""
    for _ in range(passwords.MOST):
        assert passwords._turns.acquire(blocking=False)
    left = []

    def go_home():
        left.append(True)
        passwords._turns.release(passwords.MOST)

    yield go_home
    if not left:
        go_home()
