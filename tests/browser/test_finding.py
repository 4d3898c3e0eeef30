"""Finding things and the keyboard in a real browser: the search, places far up, and keys on a Persian layout."""

import pytest
from chromium_page import DESKTOP, PHONE, needs_chromium
from playwright.sync_api import expect
from rows import add_conversation, add_inbox, add_message
from shop import seconds

from pilito.clock import utc_now
from pilito.conversations.assign import assign
from pilito.conversations.lock import get_locked, mark_changed
from pilito.database import transaction

pytestmark = needs_chromium

MESSAGES = 300
PRESS = """([code, key, more]) => (document.activeElement ?? document.body).dispatchEvent(
  new KeyboardEvent("keydown", { code, key, bubbles: true, cancelable: true, ...more }))"""

UNSENT = """conversation => localStorage.setItem(`pilito-${document.body.dataset.operator}-unsent`, JSON.stringify(
  [{ clientId: "one", conversation, kind: "reply", url: "/", fields: {}, shown: "refused", why: "The window is closed." }]))"""


def press(page, code, key, **more):
    """A key as a keyboard sends it: its place, and what the layout has there."""
    page.evaluate(PRESS, [code, key, more])


@pytest.fixture
def long_talk(shop):
    """A conversation of which the browser loads a sixth at once; its third message says what no other does."""
    with transaction():
        customer = {"name": "مریم رضایی", "username": "maryam"}
        conversation = add_conversation(add_inbox(name="Shop"), customer=customer, last_customer_message_at=utc_now())
        start = utc_now() - seconds(MESSAGES)
        for number in range(MESSAGES):
            words = "مانتوهاتون کتان است؟" if number in (2, 150) else f"سلام {number}"
            add_message(conversation, text=words, sent_at=start + seconds(number), created_at=start)
        conversation.last_message_at, conversation.preview = start + seconds(MESSAGES), "سلام"
        add_message(add_conversation(conversation.inbox, customer={"name": "سارا"}), text="کفش")
    return conversation


def top_of(page, message_id):
    return page.locator(f"#m{message_id}").evaluate("one => one.getBoundingClientRect().top")


def test_what_is_found_opens_at_its_message_and_the_thread_goes_on_in_both_directions(long_talk, open_page):
    page = open_page()

    page.locator("#search-text").type("مانتو")
    hits = page.locator(".hit")
    expect(hits).to_have_count(2)
    expect(page.locator("mark").first).to_have_text("مانتوهاتون")
    hits.last.click()
    found = page.locator(".item.is-found")
    expect(found).to_contain_text("مانتوهاتون کتان است؟")
    expect(found).to_be_in_viewport()
    expect(page.locator("#list.is-search")).to_be_visible()
    shown = page.locator(".item").count()

    page.locator("#newer").scroll_into_view_if_needed()
    expect(page.locator("#newer")).to_be_visible()
    page.wait_for_function("count => document.querySelectorAll('.item').length > count", arg=shown)
    expect(page.locator(".item .bubble").first).to_have_text("سلام 0")

    page.go_back()
    expect(page.locator("#nothing-chosen + *, #thread.empty").first).to_be_attached()
    expect(page.locator(".hit")).to_have_count(2)


def test_older_and_newer_pages_come_without_a_jump(long_talk, open_page):
    middle = long_talk.id and 151  # of 300
    page = open_page(f"/conversations/{long_talk.id}?around={middle}#m{middle}")
    expect(page.locator(f"#m{middle}")).to_be_in_viewport()
    before = top_of(page, middle)

    page.evaluate("document.getElementById('scroller').scrollBy(0, -400)")
    page.wait_for_timeout(300)
    page.evaluate("document.getElementById('scroller').scrollBy(0, 400)")
    page.wait_for_timeout(300)

    assert abs(top_of(page, middle) - before) < 3
    expect(page.locator(".item")).not_to_have_count(0)


def test_what_comes_while_one_reads_far_up_waits_below_and_one_press_leads_to_it(long_talk, open_page):
    page = open_page(f"/conversations/{long_talk.id}?around=3#m3")
    expect(page.locator("#m3")).to_be_in_viewport()

    with transaction() as tx:
        conversation = get_locked(long_talk.id)
        mark_changed(tx, conversation, add_message(conversation, text="تازه", sent_at=utc_now()))
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator("#new-pill")).to_be_visible()
    expect(page.locator("#m3")).to_be_in_viewport()
    assert page.locator(".item", has_text="تازه").count() == 0

    page.locator("#new-pill").click()
    expect(page.locator(".item").last).to_contain_text("تازه")
    expect(page.locator(".item").last).to_be_in_viewport()
    expect(page.locator("a#newer")).to_have_count(0)


def test_within_a_conversation_also_what_is_not_loaded_is_found(long_talk, open_page):
    page = open_page(f"/conversations/{long_talk.id}")

    press(page, "Slash", "/")
    page.locator("#find-text").type("مانتو")
    expect(page.locator("#find-count")).to_have_text("1 of 2")
    expect(page.locator("#m151")).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("#find-count")).to_have_text("2 of 2")
    expect(page.locator("#m3")).to_be_in_viewport()
    assert page.evaluate("CSS.highlights.get('found').size") >= 1
    page.keyboard.press("Escape")

    expect(page.locator("#find-bar")).to_be_hidden()
    assert page.evaluate("CSS.highlights.has('found')") is False


def test_keys_are_meant_by_their_place_on_a_persian_layout(long_talk, open_page):
    page = open_page()

    press(page, "KeyJ", "ت")
    expect(page.locator(".row").first).to_be_focused()
    press(page, "KeyJ", "ت")
    expect(page.locator(".row").nth(1)).to_be_focused()
    press(page, "KeyK", "ن")
    page.keyboard.press("Enter")
    expect(page.locator("#thread-title")).to_be_visible()

    press(page, "KeyR", "ق")
    expect(page.locator("#composer-text")).to_be_focused()
    press(page, "KeyT", "ف")  # one writes: it is a letter
    page.wait_for_timeout(300)
    assert page.locator('[data-verb="take_over"]').count() == 1
    page.keyboard.press("Escape")
    press(page, "KeyT", "Dead")  # put together with the next letter
    press(page, "KeyT", "ف", isComposing=True)
    press(page, "KeyT", "ف", ctrlKey=True)  # the browser's
    page.wait_for_timeout(300)
    assert page.locator('[data-verb="take_over"]').count() == 1
    press(page, "KeyT", "ف")
    expect(page.locator('[data-verb="give_back"]')).to_be_visible()

    press(page, "KeyG", "ل")
    press(page, "KeyD", "ی")
    expect(page.locator("#zone-done")).to_have_attribute("aria-current", "page")


def test_the_sheet_lists_the_keys_and_lets_nothing_through(long_talk, open_page):
    page = open_page(f"/conversations/{long_talk.id}")

    press(page, "Slash", "؟", shiftKey=True)
    sheet = page.locator("#sheet")
    expect(sheet).to_be_visible()
    expect(sheet).to_contain_text("Take over")
    expect(sheet.locator("kbd").first).to_be_visible()
    press(page, "KeyT", "t")
    page.keyboard.press("Escape")

    expect(sheet).to_be_hidden()
    assert page.locator('[data-verb="take_over"]').count() == 1


@pytest.mark.parametrize(
    ("typed", "title"), [("take ov", "Take over"), ("گرفتن", "Take over"), ("jpg", "Take over"), ("منتظر", "Needs you")]
)
def test_the_command_bar_understands_both_languages_and_the_wrong_keyboard(long_talk, open_page, typed, title):
    page = open_page(f"/conversations/{long_talk.id}")

    page.keyboard.press("Control+k")
    expect(page.locator("#bar-text")).to_be_focused()  # until then each letter is a command
    page.locator("#bar-text").type(typed)

    expect(page.locator("#bar-list [role=option]", has_text=title).first).to_be_visible()


def test_the_command_bar_finds_customers_and_goes_where_one_points(long_talk, open_page):
    page = open_page(viewport=DESKTOP)
    before = page.locator("#search-text")
    before.focus()

    page.keyboard.press("Control+k")
    bar = page.locator("#bar-text")
    expect(bar).to_be_focused()
    bar.type("رضا")
    option = page.locator("#bar-list [role=option]", has_text="مریم رضایی")
    expect(option).to_be_visible()
    while option.get_attribute("aria-selected") != "true":
        page.keyboard.press("ArrowDown")
    assert bar.get_attribute("aria-activedescendant") == option.get_attribute("id")
    page.keyboard.press("Enter")

    expect(page.locator("#thread-title")).to_have_text("مریم رضایی")
    page.keyboard.press("Control+k")
    page.keyboard.press("Escape")
    expect(page.locator("#bar")).to_be_hidden()


def test_pages_without_conversations_have_the_keys_too_and_a_phone_has_the_search(long_talk, open_page):
    page = open_page(viewport=PHONE)
    page.locator("#search-text").type("رضایی")
    page.locator(".hit").click()
    expect(page.locator("#thread-title")).to_have_text("مریم رضایی")
    page.locator("#back").click()
    expect(page.locator(".hit")).to_be_visible()

    page.goto("/settings")
    press(page, "KeyG", "ل")
    press(page, "KeyC", "ز")
    page.wait_for_url("**/comments")


def test_a_place_is_opened_and_kept_beside_an_unsent_reply_and_old_steps(long_talk, operator, open_page):
    assign(long_talk.id, operator.id, operator.id, utc_now())
    page = open_page("/conversations/")
    page.evaluate(UNSENT, str(long_talk.id))

    page.goto(f"/conversations/{long_talk.id}?around=3#m3")
    expect(page.locator(".has-failed")).to_have_count(1)
    expect(page.locator("#m3")).to_be_in_viewport()
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.wait_for_timeout(500)

    expect(page.locator("#new-pill")).to_be_hidden()
    expect(page.locator("#m3")).to_be_in_viewport()


def test_the_command_bar_opens_whom_the_list_does_not_show_and_keeps_the_page(long_talk, open_page):
    page = open_page("/conversations/?zone=done")
    page.evaluate("window.isSame = true")

    page.keyboard.press("Control+k")
    expect(page.locator("#bar-text")).to_be_focused()
    page.locator("#bar-text").type("رضا")
    page.locator("#bar-list [role=option]", has_text="مریم رضایی").click()

    expect(page.locator("#thread-title")).to_have_text("مریم رضایی")
    assert page.evaluate("window.isSame")
