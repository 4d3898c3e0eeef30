"""Two people at one desk, in two real browsers: who looks, who writes, and that no customer is answered twice unawares."""

import re
from pathlib import Path

import pytest
from chromium_page import needs_chromium, talk
from playwright.sync_api import expect
from rows import FreshClient, add_operator
from samples import JPEG
from shop import text

from pilito.clock import utc_now
from pilito.conversations.assign import assign
from pilito.conversations.close import close
from pilito.conversations.erase import erase_customer
from pilito.conversations.hand_over import hand_over
from pilito.conversations.lock import get_locked
from pilito.database import transaction
from pilito.lifecycle import HandOverReason, Role, Sender
from pilito.models import Message, Operator, db

pytestmark = needs_chromium
WORKER = """() => new Promise((done) => {
    const told = [];
    const page = { url: `${location.origin}/conversations/`, focus: async () => told.push("focus"), postMessage: ({ open }) => told.push(open) };
    const clients = { matchAll: async () => [page], openWindow: async () => told.push("window") };
    const self = { location, clients, addEventListener: (name, heard) => (self.heard = heard) };
    SOURCE
    const notification = { close() {}, data: { url: "/conversations/1" } };
    self.heard({ notification, waitUntil: (shown) => shown.then(() => done(told)) });
})"""
HIDDEN_FOR_A_MINUTE = """() => {
    const now = Date.now;
    Date.now = () => now() + 61_000;
    Object.defineProperty(document, "visibilityState", { value: "hidden" });
    document.getElementById("bell").dataset.sound = "0";
}"""
TELL = "open => navigator.serviceWorker.dispatchEvent(new MessageEvent('message', { data: { open } }))"


@pytest.fixture
def ali(shop):
    with transaction():
        return add_operator(Role.AGENT, email="ali@shop.test", name="Ali Karimi", language="en", password_hash="!")


@pytest.fixture
def open_alis(shop, open_page, ali):
    """Return a page in which Ali is logged in."""
    client = FreshClient(shop.app)
    with client.session_transaction() as session:
        session.update({"_user_id": ali.get_id(), "_fresh": True})
    cookie = client.get_cookie("pilito").value
    return lambda path: open_page(path, cookie=cookie)


def ours():
    db.session.rollback()
    return [one.text for one in db.session.scalars(db.select(Message).filter_by(sender=Sender.OPERATOR))]


def test_each_sees_that_the_other_looks_and_writes_and_is_asked_before_sending(shop, open_page, open_alis):
    path = talk(shop, 2)
    saras, alis = open_page(path), open_alis(path)
    expect(saras.locator("#viewers .avatar")).to_have_attribute(
        "title", "\u2068Ali Karimi\u2069 is looking at this too"
    )
    expect(saras.locator(".row .viewers .avatar")).to_have_count(1)

    alis.locator("#composer-text").press_sequentially("two mill")
    expect(saras.locator("#lock")).to_contain_text("Ali Karimi")
    expect(saras.locator("#lock")).to_contain_text("is answering")
    expect(alis.locator("#lock")).to_be_hidden()  # nobody is warned of themselves
    saras.fill("#composer-text", "Hello!")
    saras.press("#composer-text", "Control+Enter")
    expect(saras.get_by_role("button", name="Send anyway")).to_be_focused()
    expect(saras.locator("#composer-text")).to_have_value("Hello!")
    assert ours() == []

    saras.get_by_role("button", name="Send anyway").click()
    expect(saras.locator(".from-operator:not(.is-optimistic)")).to_contain_text("Hello!")

    alis.locator("#composer-text").press_sequentially("ion")  # begun before her answer came
    picture = {"name": "dress.jpg", "mimeType": "image/jpeg", "buffer": JPEG}
    alis.set_input_files("#composer-file", [picture, picture])
    expect(alis.locator(".composer-chip img")).to_have_count(2)
    expect(alis.locator("#composer-notes")).to_have_attribute("data-holder", "سارا")  # his page has heard of it
    alis.press("#composer-text", "Control+Enter")
    held = alis.locator("#lock").get_by_role("button", name="Send anyway")
    held.click()
    expect(alis.locator(".has-failed")).to_have_count(2)  # a picture, and another with the words
    for failed in alis.locator(".has-failed").all():
        expect(failed).to_contain_text("Somebody answered while you were writing")
    expect(alis.locator(".from-operator:not(.is-optimistic)")).to_contain_text("Hello!")
    assert ours() == ["Hello!"]
    alis.locator(".has-failed").first.get_by_role("button", name="Discard").click()
    alis.locator(".has-failed").get_by_role("button", name="Send anyway").click()
    expect(alis.locator(".from-operator:not(.is-optimistic)")).to_have_count(2)
    assert ours() == ["Hello!", "two million"]

    alis.close()
    expect(saras.locator("#viewers .avatar")).to_have_count(0)


def test_who_holds_it_is_said_before_another_sends(shop, open_page, ali):
    path = talk(shop, 2)
    assign(shop.conversation.id, ali.id, None, utc_now())
    page = open_page(path)

    expect(page.locator("#lock")).to_contain_text("holds this conversation")
    page.fill("#composer-text", "Hello!")
    page.press("#composer-text", "Control+Enter")
    expect(page.get_by_role("button", name="Send anyway")).to_be_visible()
    assert ours() == []
    page.get_by_role("button", name="Send anyway").click()

    expect(page.locator(".from-operator:not(.is-optimistic)")).to_contain_text("Hello!")
    expect(page.locator("#lock")).to_be_hidden()  # it is hers now


def test_who_is_given_a_conversation_sees_it_at_once_and_opening_it_is_reading_it(
    shop, open_page, open_alis, ali, operator
):
    path = talk(shop, 2)
    page = open_alis("/conversations/?zone=done")

    assign(shop.conversation.id, ali.id, operator.id, utc_now())
    expect(page.locator("#bell-count")).to_have_text("1")
    expect(page.locator('link[rel="icon"]')).to_have_attribute("href", "/static/panel/icon-waiting.svg")
    page.click("#bell")
    line = page.locator(".bell-menu .bell-row")
    expect(line).to_contain_text("assigned the conversation with")
    line.click()

    expect(page).to_have_url(re.compile(path))
    expect(page.locator("#bell-count")).to_be_hidden()
    expect(page.locator(".bell-menu")).to_have_count(0)


def test_what_a_colleague_calls_unread_stays_unread_and_what_is_erased_leaves_every_page(shop, open_page, open_alis):
    path = talk(shop, 2)
    saras, alis = open_page(path), open_alis(path)
    badge, head = saras.locator(".row .badge"), alis.locator("#thread-head")
    expect(badge).to_have_count(0)
    expect(head).to_have_attribute("data-unread", "0")
    saras.route("**/conversations/bulk", lambda route: route.fulfill(status=409, json={"message": "Not now."}), times=1)
    saras.keyboard.press("e")  # what is refused says why
    expect(saras.locator(".toast")).to_contain_text("Not now.")
    read = []
    alis.on("request", lambda request: request.url.endswith("/read") and read.append(request.url))

    saras.keyboard.press("u")
    expect(head).to_have_attribute("data-unread", "1")  # he has it before him, and did not open it anew
    expect(badge).to_have_count(1)
    assert read == []

    shop.receive(text("and in blue?", utc_now()))  # what comes before his eyes he has read
    expect(alis.locator("#items")).to_contain_text("and in blue?")
    expect(badge).to_have_count(0)
    assert read

    sent = []
    alis.route("**/replies", lambda route: sent.append(route))
    alis.fill("#composer-text", "for Maryam, on its way")
    with alis.expect_request("**/replies"):
        alis.press("#composer-text", "Control+Enter")
    alis.fill("#composer-text", "for Maryam, half written")
    erase_customer(shop.conversation.customer_id, utc_now())
    expect(alis.locator("#toasts")).to_contain_text("it was erased")
    with alis.expect_response("**/replies"):
        sent[0].continue_()
    alis.evaluate("fetch('/healthz').then(() => new Promise(requestAnimationFrame))")  # the page has it by now
    assert "for Maryam" not in alis.evaluate("JSON.stringify(localStorage)")
    expect(alis.locator(".toast", has_text="Open the conversation")).to_have_count(0)
    expect(alis.locator("#items")).to_have_count(0)
    expect(alis.locator("#rows .row")).to_have_count(0)
    assert "words 1" not in alis.inner_text("body")
    assert alis.locator("#aside-content").count() == 0
    assert "/conversations/?" in alis.url


def test_what_comes_to_needs_you_counts_in_the_title_and_sounds_only_where_it_is_wanted(shop, open_page, operator):
    with transaction():
        db.session.get_one(Operator, operator.id).notify_sound = True
    talk(shop, 1)
    page = open_page()
    page.evaluate("window.sounded = 0; document.addEventListener('pilito:sounded', () => window.sounded++)")

    call_person(shop)
    expect(page).to_have_title(re.compile(r"^\(1\) "))
    page.wait_for_function("window.sounded === 1")
    expect(page.locator('link[rel="icon"]')).to_have_attribute("href", "/static/panel/icon-waiting.svg")

    close(shop.conversation.id, operator.id, utc_now())  # what leaves makes no sound
    expect(page).not_to_have_title(re.compile(r"^\("))
    expect(page.locator('link[rel="icon"]')).to_have_attribute("href", "/static/panel/icon.svg")
    page.evaluate("document.getElementById('bell').dataset.quietFrom = '00:00'")
    page.evaluate("document.getElementById('bell').dataset.quietUntil = '23:59'")
    shop.receive(text("again", utc_now()))
    call_person(shop)
    expect(page).to_have_title(re.compile(r"^\(1\) "))
    assert page.evaluate("window.sounded") == 1


def call_person(shop):
    """A person is asked for."""
    with transaction() as tx:
        conversation = get_locked(shop.conversation.id)
        hand_over(tx, conversation, HandOverReason.ASKED_FOR_PERSON, "", utc_now())


def test_a_pressed_note_of_the_system_opens_what_it_tells_of_in_the_page_that_is_there(shop, open_page):
    path = talk(shop, 2)
    page = open_page("/conversations/?zone=done")
    page.evaluate("window.isSame = true")
    source = (Path(shop.app.static_folder) / "panel" / "notices_worker.js").read_text()

    told = page.evaluate(WORKER.replace("SOURCE", source))
    assert told == [page.evaluate("location.origin") + "/conversations/1", "focus"]
    page.evaluate(TELL, path)

    expect(page.locator("#thread-title")).to_be_visible()
    page.fill("#composer-text", "stays")
    page.evaluate(TELL, "/conversations/?zone=needs_you")
    expect(page.locator("#zone-needs_you")).to_have_attribute("aria-current", "page")
    assert page.evaluate("window.isSame")


def test_who_waits_for_the_sound_in_another_tab_is_called_by_the_clock_too(shop, open_page):
    page = open_page("/conversations/")
    page.wait_for_timeout(1_800)  # the looks that follow the return of the line
    looks = []
    page.on("request", lambda request: "/conversations/list?" in request.url and looks.append(request.url))
    page.evaluate(HIDDEN_FOR_A_MINUTE)
    page.wait_for_timeout(1_200)
    assert looks == []  # nobody is to be called

    with page.expect_request("**/conversations/list?*", timeout=5_000):
        page.evaluate("document.getElementById('bell').dataset.sound = '1'")
