"""Connecting in a browser: log in at the demo's Instagram, see what was checked, and hear from a customer."""

import re

import pytest
from chromium_page import Server, ago
from playwright.sync_api import expect
from rows import FreshClient, add_operator
from shop import TEST_SECRET, Shop, text

from pilito.database import transaction
from pilito.lifecycle import Role
from pilito.models import Inbox

pytestmark = pytest.mark.sqlite_only


@pytest.fixture
def server(meta, make_settings, make_app, free_port):
    app = make_app(make_settings(public_url=f"http://127.0.0.1:{free_port}", **meta.settings))
    server = Server(app, free_port)
    yield server
    server.stop()


def test_an_owner_connects_sees_green_and_hears_from_a_customer(server, chromium, graph, model):
    with transaction():
        owner = add_operator(Role.OWNER)
        owner.language, session_id = "en", owner.get_id()
    client = FreshClient(server.app)
    with client.session_transaction() as session:
        session.update({"_user_id": session_id, "_fresh": True})
    address = f"http://127.0.0.1:{server.port}"
    context = chromium.new_context(base_url=address, locale="en-US")
    context.add_cookies([{"name": "pilito", "value": client.get_cookie("pilito").value, "url": address}])
    page = context.new_page()
    page.goto("/inboxes?lang=en")

    page.get_by_role("link", name="Connect, with comments").click()
    expect(page.get_by_text("read its comments")).to_be_visible()  # the demo's Instagram asks
    page.get_by_role("button", name="Allow").click()

    expect(page).to_have_url(re.compile("/check$"))
    expect(page.locator(".look.is-fail")).to_have_count(0)
    inbox = Inbox.query.one()
    assert inbox.options["comments"] == "on"
    shop = Shop.__new__(Shop)
    shop.app, shop.secret, shop.client = server.app, TEST_SECRET, server.app.test_client()
    shop.receive(text("سلام از اینستاگرام", ago(1)))
    expect(page.locator(".arrival.is-here")).to_be_visible()
    page.goto("/conversations/")
    expect(page.locator(".row")).to_contain_text("سلام از اینستاگرام")
    context.close()
