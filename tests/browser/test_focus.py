"""The keyboard alone: where the focus goes, that dialogs keep it, and that it comes back from where it went."""

import pytest
from chromium_page import PHONE, needs_chromium, talk
from playwright.sync_api import expect
from rows import add_conversation, add_message

from pilito.clock import utc_now
from pilito.database import transaction
from pilito.models import Inbox, Label, db

pytestmark = needs_chromium

HERE = """() => {
  const one = document.activeElement, box = one.getBoundingClientRect();
  const isSeen = box.width > 1 && box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
  return {name: one === document.body ? "BODY" : one.id || one.className || one.tagName, isSeen, dialog: one.closest("dialog")?.id ?? "",
          isRow: one.matches("#list .row"), pane: one.closest(".rail, .list-pane, .thread-pane, .aside-pane")?.className ?? ""};
}"""
DIALOGS = (
    ("Assign", "desk-menu", None),
    ("Label", "desk-menu", None),
    ("Put off", "desk-menu", None),
    ("Filter the list", "desk-menu", None),
    ("Messages", "bar", "Control+KeyK"),
    ("Messages", "sheet", "Shift+Slash"),
)


@pytest.fixture
def path(shop):
    """A conversation with others beside it, and a label."""
    found = talk(shop, 3)
    with transaction():
        inbox = db.session.get_one(Inbox, shop.inbox_id)
        for number in range(4):
            row = add_conversation(inbox, customer={"name": f"Customer {number}"}, last_message_at=utc_now())
            add_message(row, text="hello", sent_at=utc_now())
        db.session.add(Label(name="vip", colour="red", created_at=utc_now()))
    return found


def walk(page, steps, key="Tab"):
    found = []
    for _ in range(steps):
        page.keyboard.press(key)
        found.append(page.evaluate(HERE))
    return found


def test_the_panes_follow_each_other_the_list_is_one_stop_and_nothing_is_out_of_sight(path, open_page):
    page = open_page(path)
    expect(page.locator("#aside-content h2")).to_be_visible()

    stops = walk(page, 60)
    stops = stops[: next((place for place, stop in enumerate(stops) if stop["name"] == "BODY"), len(stops))]

    panes = [stop["pane"] for stop in stops if stop["pane"]]
    assert list(dict.fromkeys(panes)) == ["rail", "list-pane", "thread-pane", "aside-pane"]
    assert panes == sorted(panes, key=list(dict.fromkeys(panes)).index)
    assert [stop["isRow"] for stop in stops].count(True) == 1
    assert [stop["name"] for stop in stops if not stop["isSeen"]] == []


def test_a_skip_link_leads_into_the_conversation_and_arrows_along_the_list(path, open_page):
    page = open_page(path)

    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate(HERE)["name"] == "thread"
    page.locator('#list .row[tabindex="0"]').focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#list .row").nth(1)).to_be_focused()
    expect(page.locator('#list .row[tabindex="0"]')).to_have_count(1)


def test_every_dialog_takes_the_focus_keeps_it_and_gives_it_back(path, open_page):
    page = open_page(path)

    for name, dialog, key in DIALOGS:
        opener = page.get_by_label(name, exact=True).locator("visible=true").first
        opener.focus()
        page.keyboard.press(key or "Enter")
        page.wait_for_selector(f"#{dialog}[open]")
        assert page.evaluate(HERE)["dialog"] == dialog, name
        assert {stop["dialog"] for stop in [*walk(page, 14), *walk(page, 3, "Shift+Tab")]} == {dialog}, name
        page.keyboard.press("Escape")
        expect(opener).to_be_focused()


def test_on_a_phone_the_focus_goes_into_the_conversation_and_back_to_its_row(path, open_page):
    page = open_page(viewport=PHONE)
    row = page.locator(f'#list .row[href^="{path}"]')

    row.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#thread")).to_be_focused()
    assert all(stop["isSeen"] for stop in walk(page, 12))
    page.locator(".thread-person").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#aside")).to_be_focused()
    stops = [*walk(page, 3, "Shift+Tab"), *walk(page, 30)]
    assert {stop["pane"] for stop in stops} == {"aside-pane"}  # it lies over the conversation, and keeps the key
    assert len({stop["name"] for stop in stops}) > 3
    page.keyboard.press("Escape")
    expect(page.locator(".thread-person")).to_be_focused()
    page.locator("#back").focus()
    page.keyboard.press("Enter")
    expect(row).to_be_focused()
