"""A slow server: what it answers after one has gone on to another conversation touches the one that it was asked from."""

import re

import pytest
from chromium_page import PHONE, ago, needs_chromium, talk
from playwright.sync_api import expect
from rows import add_conversation, add_message, add_operator
from samples import JPEG
from shop import text

from pilito.clock import utc_now
from pilito.conversations.notes import write_note
from pilito.conversations.reply import reply
from pilito.database import transaction
from pilito.lifecycle import Role, Sender
from pilito.models import Conversation, Inbox, Mention, Message, Operator, db

pytestmark = needs_chromium

SENT = ".from-operator:not(.is-optimistic)"
MICROPHONES = """() => {
    const devices = navigator.mediaDevices, ask = devices.getUserMedia.bind(devices);
    window.microphones = [];
    devices.getUserMedia = async (what) => {
        const stream = await ask(what);
        window.microphones.push(...stream.getTracks());
        return stream;
    };
}"""
UNSENT = "Object.keys(localStorage).filter((key) => key.endsWith('unsent')).length"


class Held:
    """The first request that matches: its answer waits until it is let go, and all others pass it."""

    def __init__(self, page, pattern):
        self.page, self.routes = page, []
        page.route(pattern, lambda route: route.fallback() if self.routes else self.routes.append(route))

    def wait(self):
        for _ in range(10_000):
            if self.routes:
                return self.routes[0]
            self.page.evaluate("null")  # lets the browser tell what it asks
        raise AssertionError("Nothing was asked.")

    def let_go(self, **answer):
        route = self.wait()
        with self.page.expect_event("requestfinished", lambda request: request == route.request):
            route.fulfill(**answer) if answer else route.continue_()
        self.page.evaluate("fetch('/healthz').then(() => new Promise(requestAnimationFrame))")  # the page has it by now


@pytest.fixture
def two(shop):
    """The numbers of two conversations that may be answered; the second is Maryam's."""
    first = int(talk(shop, 3).rsplit("/", 1)[1])
    with transaction():
        inbox = db.session.get_one(Inbox, shop.inbox_id)
        now = utc_now()
        row = add_conversation(
            inbox, customer={"name": "Maryam"}, last_message_at=now, last_customer_message_at=now, seq=1
        )
        add_message(row, text="hello", sent_at=now, seq=1)
        return first, row.id


def is_open(page, number):
    expect(page.locator("#thread")).to_have_attribute("data-conversation", str(number))


def go(page, number):
    page.locator(f'#list .row[data-conversation="{number}"]').click()
    is_open(page, number)


def write(page, words):
    page.fill("#composer-text", words)
    page.press("#composer-text", "Control+Enter")


def toast(page, words):
    return page.locator(".toast", has_text=words)


def follow(page, words):
    toast(page, words).get_by_role("link", name="Open the conversation").click()


def ours():
    db.session.rollback()
    return [one.text for one in db.session.scalars(db.select(Message).filter_by(sender=Sender.OPERATOR))]


def test_a_refused_reply_is_told_where_one_is_and_waits_where_it_was_written(shop, two, open_page):
    first, second = two
    page = open_page(f"/conversations/{first}")

    def lose_the_answer(route):
        route.fetch()
        route.abort()

    page.route("**/replies", lose_the_answer)
    write(page, "it arrived all the same")
    expect(page.locator(SENT)).to_contain_text("it arrived all the same")
    expect(page.locator(".is-optimistic")).to_have_count(0)
    assert page.evaluate(UNSENT) == 0  # nothing comes back days later as not sent
    page.unroute("**/replies")

    answer = Held(page, "**/replies")
    write(page, "too late")
    answer.wait()
    go(page, second)
    go(page, first)
    expect(page.locator(".is-optimistic .foot")).to_have_text("Sending …")  # and not as one that failed
    other_tab = page.context.new_page()
    other_tab.goto(f"/conversations/{first}")
    expect(other_tab.locator(".is-optimistic .foot")).to_have_text("Sending …")
    page.wait_for_timeout(500)
    expect(other_tab.locator(".has-failed")).to_have_count(0)  # nor is it offered there for mending
    go(page, second)
    with transaction():
        db.session.get_one(Conversation, first).last_customer_message_at = ago(30 * 86_400)
    answer.let_go()
    expect(toast(page, "as soon as the customer does")).to_be_visible()
    expect(other_tab.locator(".has-failed")).to_contain_text("as soon as the customer does")
    other_tab.close()
    expect(page.locator(".is-optimistic")).to_have_count(0)
    follow(page, "as soon as the customer does")

    is_open(page, first)
    failed = page.locator(".has-failed")
    expect(failed).to_contain_text("too late")
    expect(failed).to_contain_text("as soon as the customer does")
    edit = failed.get_by_role("button", name="Edit")
    expect(edit).to_have_count(0)  # there is nowhere to edit it
    assert ours() == ["it arrived all the same"]

    shop.receive(text("are you there?", ago(0)))
    edit.click()
    expect(page.locator("#composer-text")).to_have_value("too late")


def test_a_part_of_a_reply_that_waits_is_offered_in_no_other_tab_nor_sent_once_it_is_discarded(shop, two, open_page):
    path = f"/conversations/{two[0]}"
    picture = {"name": "dress.jpg", "mimeType": "image/jpeg", "buffer": JPEG}

    def begin(page, words):
        page.set_input_files("#composer-file", [picture, picture])
        expect(page.locator(".composer-chip img")).to_have_count(2)
        answer = Held(page, "**/replies")
        write(page, words)
        answer.wait()
        return answer

    page = open_page(path)
    begin(page, "in two parts")
    other_tab = page.context.new_page()
    other_tab.clock.install()
    other_tab.goto(path)
    sending, failed = other_tab.locator(".is-optimistic"), other_tab.locator(".has-failed")
    expect(sending.locator(".foot")).to_have_text(["Sending …", "Sending …"])
    page.wait_for_timeout(500)
    expect(failed).to_have_count(0)
    page.goto("about:blank")  # half way
    expect(failed).to_have_count(2)
    for left in (1, 0):
        failed.first.get_by_role("button", name="Again").click()
        expect(failed).to_have_count(left)
    expect(other_tab.locator(SENT)).to_have_count(2)

    other_tab.evaluate("Object.defineProperty(navigator, 'locks', { value: undefined })")  # as without https
    answer = begin(other_tab, "discarded there")
    third_tab = other_tab.context.new_page()
    third_tab.goto(path)
    third_tab.locator(".has-failed", has_text="discarded there").get_by_role("button", name="Discard").click()
    other_tab.wait_for_function("!Object.values(localStorage).join().includes('discarded there')")
    other_tab.route("**/messages?*", lambda route: route.abort())
    answer.let_go()
    other_tab.wait_for_timeout(300)
    expect(sending).to_have_count(2)  # nobody knows yet
    other_tab.unroute("**/messages?*")
    other_tab.clock.fast_forward(5_000)
    expect(sending).to_have_count(0)
    expect(other_tab.locator(SENT)).to_have_count(3)
    assert [words for words in ours() if words] == ["in two parts"]


def test_after_a_colleagues_answer_ours_never_stands_under_another_customer(shop, two, open_page):
    first, second = two
    with transaction():
        ali = add_operator(Role.AGENT, email="ali@shop.test", name="Ali").id
    page = open_page(f"/conversations/{first}", viewport=PHONE)
    answer = Held(page, "**/replies")
    write(page, "two million")
    answer.wait()
    page.locator("#back").click()
    reply(first, ali, "three million", "of-ali", utc_now())

    answer.let_go()
    expect(toast(page, "Somebody answered while you were writing")).to_be_visible()
    go(page, second)
    expect(page.locator(".is-optimistic")).to_have_count(0)
    assert ours() == ["three million"]
    page.locator("#back").click()
    go(page, first)
    expect(page.locator(".has-failed")).to_contain_text("two million")
    expect(page.locator(SENT)).to_contain_text("three million")
    page.locator(".has-failed").get_by_role("button", name="Send anyway").click()

    expect(page.locator(SENT)).to_have_count(2)
    assert ours() == ["three million", "two million"]


def test_what_is_taken_back_recorded_and_attached_stays_with_its_conversation(shop, two, operator, open_page):
    first, second = two
    with transaction():
        db.session.get_one(Operator, operator.id).undo_seconds = 10
    page = open_page(f"/conversations/{first}")
    write(page, "a mistake")
    expect(page.get_by_role("button", name="Take it back")).to_be_visible()
    answer = Held(page, "**/retract")
    page.press("#composer-text", "Control+z")
    answer.wait()
    go(page, second)
    page.fill("#composer-text", "for Maryam")
    answer.let_go()
    expect(toast(page, "Taken back")).to_be_visible()
    expect(page.locator("#composer-text")).to_have_value("for Maryam")
    follow(page, "Taken back")
    is_open(page, first)
    expect(page.locator("#composer-text")).to_have_value("a mistake")

    upload = Held(page, "**/uploads")
    page.set_input_files("#composer-file", [{"name": "dress.jpg", "mimeType": "image/jpeg", "buffer": JPEG}])
    page.click(".composer-quick summary")
    page.fill("#composer-quick", "38 | 40")
    page.evaluate(MICROPHONES)
    page.locator("#composer-record").evaluate("button => { button.click(); button.click() }")
    expect(page.locator("#composer-record")).to_have_attribute("aria-pressed", "true")
    upload.wait()
    page.wait_for_timeout(300)  # something is said
    go(page, second)
    upload.let_go()
    expect(toast(page, "The recording was stopped")).to_be_visible()
    assert page.evaluate("window.microphones.map(({ readyState }) => readyState)") == ["ended"]
    expect(page.locator("#composer-record")).to_have_attribute("aria-pressed", "false")
    expect(page.locator(".composer-chip")).to_have_count(0)
    expect(page.locator("#composer-quick")).to_have_value("")
    page.press("#composer-text", "Control+Enter")
    expect(page.locator(SENT)).to_have_text(re.compile("for Maryam"))

    go(page, first)
    expect(page.locator(".composer-chip")).to_have_count(2)
    expect(page.locator(".composer-chip progress")).to_have_count(0)
    expect(page.locator(".composer-chip img")).to_have_count(1)
    expect(page.locator("#composer-quick")).to_have_value("38 | 40")
    expect(page.locator("#composer-text")).to_have_value("a mistake")


def test_the_pane_about_one_customer_never_stands_beside_another_nor_in_the_way(shop, two, open_page):
    first, second = two
    page = open_page(f"/conversations/{first}")
    about = page.locator("#aside-content")
    expect(about).to_have_attribute("data-of", str(first))

    answer = Held(page, re.compile(rf"/conversations/{second}/aside"))
    go(page, second)
    answer.wait()
    assert about.count() == 0  # nor the button that blocks the first
    answer.wait().fulfill(status=503)
    expect(toast(page, "tried again by itself")).to_be_visible()
    expect(about).to_have_attribute("data-of", str(second))

    page.set_viewport_size(PHONE)
    page.locator("#aside-close").click()
    page.locator("#back").click()
    go(page, first)
    answer = Held(page, re.compile(rf"/conversations/{first}/aside"))
    page.locator(".thread-person").click()
    answer.wait()
    expect(page.locator("#aside-close")).to_be_visible()
    page.go_back()
    go(page, second)  # nothing lies over the list
    answer.wait().fulfill(status=503)
    expect(page.locator("#aside")).to_be_hidden()


def test_what_was_chosen_last_is_shown_whatever_comes_later(shop, two, open_page):
    first, second = two
    page = open_page("/conversations/?zone=open")
    rows = page.locator("#rows > li")

    thread = Held(page, re.compile(rf"/conversations/{first}\?"))
    page.locator(f'#list .row[data-conversation="{first}"]').click()
    thread.wait()
    go(page, second)
    page.locator("#composer-text").press_sequentially("The")
    thread.let_go()
    page.keyboard.type("bet")  # as single keys: take over, give back, close
    is_open(page, second)
    expect(page.locator("#composer-text")).to_have_value("Thebet")
    expect(page).to_have_url(re.compile(f"/conversations/{second}"))

    thread = Held(page, re.compile(rf"/conversations/{first}\?"))
    page.locator(f'#list .row[data-conversation="{first}"]').click()
    old = thread.wait().fetch()
    shop.receive(text("said while it was opened", ago(0)))
    expect(page.locator(f'#list .row[data-conversation="{first}"]')).to_contain_text("said while it was opened")
    thread.let_go(response=old)
    is_open(page, first)
    expect(page.locator(".bubble", has_text="said while it was opened")).to_be_visible()

    answer = Held(page, "**/bulk")
    page.locator(".desk-tools").get_by_role("button", name="Mark as unread").click()
    answer.wait()
    go(page, second)
    answer.let_go()
    expect(page.locator(f"#row-{first} .badge")).to_be_visible()
    is_open(page, second)

    answer = Held(page, re.compile(r"/conversations/list\?"))
    shop.receive(text("and another", ago(0)))
    answer.wait()
    page.locator("#zone-done").click()
    expect(rows).to_have_count(0)
    answer.let_go()
    expect(page.locator("#zone-done")).to_have_attribute("aria-current", "page")
    expect(rows).to_have_count(0)


def test_a_note_that_is_mended_or_names_somebody_is_whole_when_one_comes_back(shop, two, operator, open_page):
    first, second = two
    with transaction():
        ali_id = add_operator(Role.AGENT, email="ali@shop.test", name="Ali Karimi").id
    for words in ("one", "two"):
        write_note(first, operator.id, words, (), words, utc_now())
    page = open_page(f"/conversations/{first}")
    notes, typed = page.locator(".from-note:not(.is-optimistic)"), page.locator("#note-text")
    notes.first.get_by_label("Edit the note").click()
    typed.fill("one, mended")
    answer = Held(page, "**/notes/*")
    typed.press("Control+Enter")
    answer.wait()
    go(page, second)
    expect(typed).to_have_value("")
    answer.let_go(status=409, json={"reason": "busy", "message": "Not now."})
    follow(page, "Not now.")
    is_open(page, first)
    expect(typed).to_have_value("one, mended")
    expect(page.get_by_role("button", name="Leave it as it was")).to_be_visible()

    answer = Held(page, "**/notes/*")
    typed.press("Control+Enter")
    answer.wait()
    notes.last.get_by_label("Edit the note").click()
    typed.fill("two, mended")
    answer.let_go()
    expect(notes.first).to_contain_text("one, mended")
    expect(typed).to_have_value("two, mended")
    answer = Held(page, "**/notes/*")
    typed.press("Control+Enter")
    answer.wait()
    notes.first.get_by_label("Edit the note").click()
    answer.let_go(status=409, json={"reason": "busy", "message": "Not now."})
    expect(toast(page, "Not now.")).to_be_visible()
    expect(typed).to_have_value("one, mended")
    page.get_by_role("button", name="Leave it as it was").click()
    expect(typed).to_have_value("two, mended")  # not kept, so it waits as a note that was not written yet

    typed.fill("")
    typed.press_sequentially("@Ali")
    page.locator("#note-picker [role=option]").click()
    go(page, second)
    go(page, first)
    expect(typed).to_have_value("@Ali Karimi ")
    typed.press("Control+Enter")
    expect(page.locator(".mention")).to_have_text("@Ali Karimi")
    db.session.rollback()
    assert [one.operator_id for one in db.session.scalars(db.select(Mention))] == [ali_id]


def test_what_is_found_or_paged_to_too_late_touches_no_other_list(shop, two, open_page):
    with transaction():
        inbox = db.session.get_one(Inbox, shop.inbox_id)
        for number in range(45):
            at = ago(1000 + number)
            add_conversation(inbox, customer={"name": "Omid"}, last_message_at=at, last_customer_message_at=at, seq=1)
    page = open_page("/conversations/?zone=open")
    page.evaluate("window.isSame = true")

    older = Held(page, re.compile(r"/conversations/list\?.*before="))
    page.locator("#more").click()
    older.wait()
    page.fill("#search-text", "hello")
    expect(page.locator(".hit")).to_have_count(1)
    older.let_go()
    expect(page.locator(".hit")).to_have_count(1)

    found = Held(page, re.compile(r"/search\?"))
    page.fill("#search-text", "words")
    found.wait()
    page.locator("#zone-done").click()
    expect(page.locator("#rows > li")).to_have_count(0)
    expect(page.locator("#zone-done")).to_have_attribute("aria-current", "page")
    found.let_go()
    expect(page.locator(".hit")).to_have_count(0)
    expect(page.locator("#search-text")).to_have_value("")
    expect(page).to_have_url(re.compile("zone=done"))
    assert page.evaluate("window.isSame")  # and the page was never loaded anew


PATIENCE_MS = 20_000
# The browser's own clock cannot be moved.
TIMEOUTS_BY_THE_PAGE_CLOCK = """AbortSignal.timeout = (ms) => {
    const end = new AbortController();
    setTimeout(() => end.abort(new DOMException("signal timed out", "TimeoutError")), ms);
    return end.signal;
}"""


@pytest.fixture
def open_impatient(open_page):
    """Return a function that opens a page whose clock the test moves."""

    def open_it(path):
        page = open_page()
        page.clock.install()
        page.add_init_script(TIMEOUTS_BY_THE_PAGE_CLOCK)
        page.goto(path)
        expect(page.locator("#composer-text")).to_be_visible()
        return page

    return open_it


def test_a_reply_that_gets_no_answer_is_given_up_keeps_its_words_and_arrives_once(shop, two, open_impatient):
    path = f"/conversations/{two[0]}"
    page = open_impatient(path)
    arrived = []
    page.route("**/replies", lambda route: arrived.append(route.fetch().status))  # and the browser never hears of it
    page.route("**/messages?*", lambda route: route.abort())  # nor does it see the message
    write(page, "it hangs")
    bubble = page.locator(".is-optimistic")
    expect(bubble.locator(".foot")).to_have_text("Sending …")
    while not arrived:
        page.evaluate("null")

    page.clock.fast_forward(PATIENCE_MS - 5_000)
    expect(bubble.locator(".foot")).to_have_text("Sending …")  # a slow line is no dead one
    page.clock.fast_forward(6_000)

    expect(bubble).to_contain_text("it hangs")
    expect(bubble).to_contain_text("No answer came, so it may have arrived or not. Your words are safe here.")
    bubble.get_by_role("button", name="Edit").click()  # with other words it would be a second message
    expect(toast(page, "whether it arrived is not known yet")).to_be_visible()
    expect(page.locator("#composer-text")).to_have_value("")

    page.unroute("**/replies")
    page.unroute("**/messages?*")
    with page.expect_response("**/replies"):
        bubble.get_by_role("button", name="Try again").click()
    expect(page.locator(SENT)).to_contain_text("it hangs")
    expect(bubble).to_have_count(0)
    assert page.evaluate(UNSENT) == 0
    assert ours() == ["it hangs"]


def test_a_reply_that_never_left_waits_over_a_reload_with_what_to_do(shop, two, open_impatient):
    path = f"/conversations/{two[0]}"
    page = open_impatient(path)
    page.route("**/replies", lambda route: None)
    with page.expect_request("**/replies"):
        write(page, "it never left")
    page.clock.fast_forward(PATIENCE_MS + 1_000)
    expect(page.locator(".has-failed")).to_contain_text("No answer came")

    page.reload()

    failed = page.locator(".has-failed")
    expect(failed).to_contain_text("it never left")
    expect(failed).to_contain_text("No answer came, so it may have arrived or not. Your words are safe here.")
    failed.get_by_role("button", name="Edit").click()
    expect(page.locator("#composer-text")).to_have_value("it never left")
    assert ours() == []


def test_a_button_that_gets_no_answer_is_free_again_and_says_what_is_not_known(shop, two, open_impatient):
    page = open_impatient(f"/conversations/{two[0]}")
    page.route("**/take-over", lambda route: None)
    button = page.locator('[data-verb="take_over"] button')
    with page.expect_request("**/take-over"):
        button.click()
    expect(button).to_be_disabled()

    page.clock.fast_forward(PATIENCE_MS + 1_000)

    expect(toast(page, "No answer came, so it may be done or not. Look, and press again if it is not.")).to_be_visible()
    expect(button).to_be_enabled()


def test_a_button_whose_deed_is_under_way_stays_so_while_a_message_arrives(shop, two, open_page):
    page = open_page(f"/conversations/{two[0]}")
    held = Held(page, "**/take-over")
    button = page.locator('[data-verb="take_over"] button')
    button.click()
    held.wait()

    shop.receive(text("and one more", ago(0)))

    expect(page.locator("#items")).to_contain_text("and one more")
    expect(button).to_be_disabled()
    held.let_go()
    expect(page.locator('[data-verb="give_back"] button')).to_be_enabled()


def test_a_deed_that_gets_no_answer_is_not_said_to_be_tried_again_by_itself(shop, two, open_impatient):
    page = open_impatient(f"/conversations/{two[0]}")
    page.route("**/bulk", lambda route: None)
    with page.expect_request("**/bulk"):
        page.locator('[data-verb="close"] button').click()

    page.clock.fast_forward(PATIENCE_MS + 1_000)

    expect(toast(page, "No answer came, so it may be done or not.")).to_be_visible()
    expect(toast(page, "It is tried again by itself")).to_have_count(0)
