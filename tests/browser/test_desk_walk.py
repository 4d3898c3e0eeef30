"""The desk in a real browser: choosing rows, menus, undo, filters, keys by their place."""

import re

import pytest
from chromium_page import PHONE, SMALL, needs_chromium
from playwright.sync_api import expect
from rows import add_conversation, add_message, add_operator

from pilito.clock import utc_now
from pilito.conversations.labels import make_label
from pilito.database import transaction
from pilito.lifecycle import AssistantMode, ConversationState, LabelColour, MessageType, Role
from pilito.models import Conversation, ConversationLabel, Inbox, Operator, db

pytestmark = needs_chromium
WAITS = ConversationState.HANDED_OVER


@pytest.fixture
def three(shop):
    """Three conversations that need a person, the newest first: سه, دو, یک."""
    with transaction():
        inbox = db.session.get_one(Inbox, shop.inbox_id)
        rows = []
        for name in ("یک", "دو", "سه"):
            row = add_conversation(inbox, customer={"name": name}, state=WAITS, unanswered_since=utc_now(), seq=1)
            row.last_message_at = row.last_customer_message_at = utc_now()
            add_message(row, text="چنده؟", message_type=MessageType.TEXT, sent_at=utc_now(), seq=1)
            rows.append(row.id)
        return rows


def states(ids):
    db.session.rollback()
    return [db.session.get_one(Conversation, one, populate_existing=True).state for one in ids]


def test_chosen_rows_are_closed_together_and_brought_back_by_one_click(three, open_page):
    page = open_page("/conversations/?zone=needs_you")
    rows = page.locator("#rows > li")
    rows.nth(0).hover()
    rows.nth(0).locator(".row-choose").click()
    rows.nth(1).locator(".row-choose").click()
    expect(page.locator(".desk-count")).to_have_text("2 chosen")

    page.locator("#desk-form").get_by_role("button", name="Close").click()
    expect(rows).to_have_count(1)
    expect(page.locator(".toast")).to_contain_text("2 closed.")
    expect(page.locator("#desk-form")).to_be_hidden()

    page.get_by_role("button", name="Undo").click()
    expect(rows).to_have_count(3)
    assert states(three) == [WAITS] * 3


def test_by_keys_of_any_layout_a_row_is_chosen_labelled_and_put_off(three, open_page):
    page = open_page("/conversations/?zone=needs_you")
    page.keyboard.press("KeyJ")
    page.keyboard.press("KeyX")
    expect(page.locator(".desk-count")).to_have_text("1 chosen")

    page.keyboard.press("KeyL")
    page.locator("[data-menu-search]").fill("فوري")
    page.keyboard.press("Enter")
    expect(page.locator("#rows > li").first).to_contain_text("فوري")

    page.keyboard.press("KeyJ")
    page.keyboard.press("KeyX")
    page.keyboard.press("KeyZ")
    page.get_by_role("button", name="Tomorrow morning").click()
    expect(page.locator(".toast").last).to_contain_text("put off until tomorrow 09:00")
    expect(page.locator("#rows > li")).to_have_count(2)
    page.locator("#zone-waiting").click()
    expect(page.locator("#rows > li")).to_have_count(1)
    expect(page.locator("#rows > li")).to_contain_text("until tomorrow")
    db.session.rollback()
    assert db.session.scalar(db.select(db.func.count(ConversationLabel.id))) == 1


def test_a_filter_narrows_says_what_waits_outside_and_becomes_a_view(three, open_page):
    page = open_page("/conversations/?zone=needs_you")
    page.locator(".list-filter").click()
    page.locator("#desk-menu").get_by_role("link", name="Mine").click()
    expect(page).to_have_url(re.compile("zone=needs_you&holder=me"))
    expect(page.locator(".outside")).to_contain_text("3 more wait for you outside this filter")

    page.locator(".list-filter").click()
    page.locator("#desk-menu [name=name]").fill("مال من")
    page.locator("#desk-menu").get_by_role("button", name="Keep").click()
    expect(page.locator("#views a[aria-current]")).to_contain_text("مال من")
    page.locator(".outside").click()
    expect(page.locator("#rows > li")).to_have_count(3)
    page.locator("#views a").click()
    expect(page.locator(".filter-chip")).to_have_text(re.compile("Mine"))
    page.go_back()
    expect(page.locator("#rows > li")).to_have_count(3)


def test_called_unread_from_the_thread_it_stays_unread(three, open_page):
    page = open_page(f"/conversations/{three[0]}?zone=needs_you")

    page.locator(".desk-tools").get_by_role("button", name="Mark as unread").click()

    expect(page.locator(f"#row-{three[0]} .badge")).to_be_visible()
    expect(page.locator("#thread-title")).to_have_count(0)
    page.wait_for_timeout(1500)
    expect(page.locator(f"#row-{three[0]} .badge")).to_be_visible()


def test_several_steps_are_one_line_that_opens(three, open_page):
    page = open_page(f"/conversations/{three[0]}?zone=needs_you")
    for _ in range(2):
        page.locator('[data-menu="assign"]').last.click()
        page.locator("#desk-menu").get_by_role("button", name="Me", exact=True).click()
        expect(page.locator("#desk-menu")).to_be_hidden()
        page.locator('[data-menu="assign"]').last.click()
        page.locator("#desk-menu").get_by_role("button", name=re.compile("Nobody")).click()
        expect(page.locator("#desk-menu")).to_be_hidden()

    expect(page.locator(".fold")).to_contain_text("4 steps")
    expect(page.locator(".activity:visible")).to_have_count(0)
    page.locator(".fold button").click()
    expect(page.locator(".activity:visible")).to_have_count(4)


def test_on_a_phone_a_swipe_chooses_and_the_deeds_lie_under_the_thumb(three, open_page):
    page = open_page("/conversations/?zone=needs_you", viewport=PHONE)
    box = page.locator("#rows > li").first.bounding_box()
    y = box["y"] + 30

    for kind, x in (("pointerdown", 300), ("pointermove", 260), ("pointermove", 200), ("pointerup", 200)):
        page.locator("#rows > li .row").first.dispatch_event(
            kind, {"pointerType": "touch", "clientX": x, "clientY": y, "bubbles": True}
        )

    expect(page.locator(".desk-count")).to_have_text("1 chosen")
    close = page.locator("#desk-form").get_by_role("button", name="Close")
    place = close.bounding_box()
    assert place["height"] >= 44
    assert place["y"] > 700
    close.click()
    expect(page.locator("#rows > li")).to_have_count(2)


OUTSIDE = """() => [...document.querySelectorAll(".thread-actions :is(.button, .icon-button) > span")]
  .filter((one) => one.checkVisibility()).map((one) => {
    const range = document.createRange(), box = one.parentElement.getBoundingClientRect();
    range.selectNodeContents(one);
    const word = range.getBoundingClientRect();
    return word.left < box.left || word.right > box.right ? one.textContent : "";
  }).filter(Boolean)"""


@pytest.mark.parametrize("viewport", [PHONE, SMALL], ids=["phone", "desktop"])
def test_the_word_of_each_deed_stays_on_its_own_button(three, operator, open_page, viewport):
    """In Persian, where all eight stand side by side: one that is written into its neighbour is read as part of it."""
    with transaction():
        db.session.get_one(Operator, operator.id).language = "fa"
        db.session.get_one(Conversation, three[0]).assistant_mode = AssistantMode.DRAFT
    page = open_page(f"/conversations/{three[0]}", viewport=viewport)

    expect(page.locator(".thread-actions .mode")).to_contain_text("پیش‌نویس")
    expect(page.locator(".thread-actions [data-verb=give_back]")).to_be_visible()
    assert page.evaluate(OUTSIDE) == []


def test_enter_in_a_menu_takes_whom_or_what_is_called_so(three, open_page):
    for name in ("Not paid", "paid", "VIP old"):
        make_label(name, LabelColour.GREY, None, utc_now())
    with transaction():
        names = ("Samira", "Amina", "Mina", "Omid", "Nasrin")
        people = {name: add_operator(Role.AGENT, email=f"{name}@shop.test", name=name).id for name in names}
    page = open_page(f"/conversations/{three[2]}?zone=needs_you")
    first = page.locator("#rows > li").first

    def enter(key, words):
        page.keyboard.press(key)
        page.locator("[data-menu-search]").fill(words)
        page.keyboard.press("Enter")
        expect(page.locator("#desk-menu")).to_be_hidden()

    enter("KeyL", "PAID")
    expect(first.locator(".label-chip")).to_have_text(["paid"])
    enter("KeyL", "VIP")  # is none of them, and is made
    expect(first.locator(".label-chip")).to_have_text(["paid", "VIP"])
    enter("KeyL", "vip o")
    expect(first.locator(".label-chip")).to_have_text(["paid", "VIP", "+1"])
    for typed, name in (("mina", "Mina"), ("sam", "Samira")):  # "S" stands in the picture before "Me"
        with page.expect_request("**/bulk") as asked:
            enter("KeyA", typed)
        assert f"to={people[name]}&" in f"{asked.value.post_data}&"


# Whether the first letter is seen; a name that is cut loses its end.
BEGINS_INSIDE = """(name) => {
    const range = document.createRange(), box = name.getBoundingClientRect();
    const words = document.createTreeWalker(name, NodeFilter.SHOW_TEXT, (one) => one.data.trim() ? 1 : 3).nextNode();
    range.setStart(words, 0);
    range.setEnd(words, 1);
    const first = range.getBoundingClientRect();
    return document.dir === "rtl" && first.left >= box.left - 1 && first.right <= box.right + 1;
}"""


def test_a_name_that_is_too_long_loses_its_end_and_never_its_beginning(three, open_page):
    with transaction():
        last = db.session.get_one(Conversation, three[-1])
        last.customer.name = "Maryam's Official Shop of Tehran, Shiraz and Isfahan"
        last.customer.username = "www.maryam_shop_of_tehran_1400"
        db.session.execute(db.update(Operator).values(language="fa"))
    page = open_page(f"/conversations/{three[-1]}")

    names = [".row-name", "#thread-title", ".thread-who p"]
    unseen = [one for one in names if not page.locator(one).first.evaluate(BEGINS_INSIDE)]
    assert unseen == []
    last_letters = page.locator("#rows .row-name bdi").first.evaluate("(name) => name.scrollWidth > name.clientWidth")
    assert last_letters  # it is cut, and there


def test_a_chosen_row_still_shows_whole_where_it_came_in(three, open_page):
    page = open_page("/conversations/?zone=needs_you")
    row = page.locator("#rows > li").first
    row.hover()
    row.locator(".row-choose").click()

    is_on_top = """(badge) => {
        const { left, top, width, height } = badge.getBoundingClientRect();
        const at = [[0.5, 0.5], [0.2, 0.5], [0.5, 0.2], [0.8, 0.5]];
        return at.every(([x, y]) => badge.contains(document.elementFromPoint(left + width * x, top + height * y)));
    }"""

    assert row.locator(".row-channel").evaluate(is_on_top)
