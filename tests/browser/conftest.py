"""One browser for all files that look through it, and pages in which somebody is logged in."""

import pytest
from chromium_page import CHROMIUM, DESKTOP, EMAIL, FLAGS, PASSWORD, Server, log_in
from playwright.sync_api import expect, sync_playwright
from rows import FreshClient, add_operator

from pilito.database import transaction
from pilito.lifecycle import Role
from pilito.passwords import hash_password


@pytest.fixture
def shop(make_shop):
    return make_shop(public_url="https://pilito.shop.test")  # from where Instagram fetches files


@pytest.fixture
def server(shop, free_port, monkeypatch):
    # Else a page asks anew for each of its fifty files, whether they are still the same, at every step from page to page.
    monkeypatch.setitem(shop.app.config, "SEND_FILE_MAX_AGE_DEFAULT", 3600)
    server = Server(shop.app, free_port)
    yield server
    server.stop()


@pytest.fixture
def operator(shop):
    with transaction():
        values = {"email": EMAIL, "name": "سارا", "password_hash": hash_password(PASSWORD)}
        return add_operator(Role.AGENT, language="en", **values)


@pytest.fixture(scope="session")
def chromium():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def session(shop, operator):
    """The cookie of somebody who is logged in."""
    client = FreshClient(shop.app)
    with client.session_transaction() as session:
        session.update({"_user_id": operator.get_id(), "_fresh": True})
    return client.get_cookie("pilito").value


@pytest.fixture
def open_page(chromium, server, session):
    """Return a page in which Sara is logged in; at the end nothing in it may have failed or been forbidden."""
    problems, contexts = [], []

    def make(path="/conversations/", viewport=DESKTOP, by_form=False, cookie=session):
        context = chromium.new_context(viewport=viewport, base_url=f"http://127.0.0.1:{server.port}", locale="en-US")
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("dialog", lambda dialog: problems.append(f"a dialog: {dialog.message}"))
        page.on("console", lambda line: "Content Security" in line.text and problems.append(line.text))
        if by_form:
            log_in(page, path)
        else:
            context.add_cookies([{"name": "pilito", "value": cookie, "url": f"http://127.0.0.1:{server.port}"}])
            page.goto(path)
        expect(page.locator("#line[data-state=live]")).to_be_attached(timeout=10_000)
        return page

    yield make
    for context in contexts:
        context.close()
    assert problems == []
