"""What one types, chooses and reads, in a real browser, while colleagues, the server and the line get in between."""

import re

import pytest
from chromium_page import ago, needs_chromium, talk
from playwright.sync_api import expect
from rows import add, add_conversation, add_message, add_operator, add_turn
from samples import JPEG
from shop import text

from pilito.clock import utc_now
from pilito.conversations.approve import discard_draft
from pilito.conversations.assign import assign, assign_nobody
from pilito.database import transaction
from pilito.lifecycle import AssistantMode, ConversationState, Role, Sender, TurnState
from pilito.models import Conversation, Draft, Inbox, Message, Note, Notification, db

pytestmark = needs_chromium
PICTURE = {"name": "dress.jpg", "mimeType": "image/jpeg", "buffer": JPEG}
REFUSED = {"status": 409, "json": {"reason": "inbox_stopped", "message": "Not now."}}


def rows(model):
    db.session.rollback()
    return db.session.scalars(db.select(model).order_by(model.id)).all()


def ours():
    return [message.text for message in rows(Message) if message.sender is Sender.OPERATOR]


def write_draft(conversation_id, words, *facts):
    """What the assistant wrote for a person to send."""
    with transaction():
        conversation = db.session.get_one(Conversation, conversation_id)
        turn = add_turn(conversation, TurnState.DRAFTED, ended_at=utc_now())
        conversation.drafted_at = conversation.unanswered_since = utc_now()
        working = {"model": "fake-1", "prompt_hash": "0" * 16, "facts": facts, "checks": [], "milliseconds": 1}
        values = {"turn_id": turn.id, "text": words, "working": working, "created_at": utc_now()}
        return add(Draft(conversation_id=conversation_id, **values)).id


@pytest.fixture
def ali(shop):
    with transaction():
        return add_operator(Role.AGENT, email="ali@shop.test", name="Ali Karimi", language="en", password_hash="!")


@pytest.fixture
def waiting(shop):
    """Return a function that makes so many conversations that need a person, the newest first; it returns their ids."""

    def make(count):
        with transaction():
            inbox = db.session.get_one(Inbox, shop.inbox_id)
            made = []
            for number in range(count):
                at, state = ago(1000 + number), ConversationState.HANDED_OVER
                values = {"state": state, "unanswered_since": at, "last_message_at": at, "last_customer_message_at": at}
                made.append(add_conversation(inbox, customer={"name": f"Customer {number}"}, seq=1, **values).id)
            return made

    return make


# --- what one types --------------------------------------------------------------------------------------------------


def test_a_draft_is_mended_beside_what_one_typed_and_leaves_though_somebody_has_decided_about_it(
    shop, operator, open_page
):
    path = talk(shop, 2)
    conversation_id = shop.conversation.id
    draft_id = write_draft(conversation_id, "Two million")
    page = open_page(path)
    typed = page.locator("#composer-text")
    typed.fill("abc")

    page.locator("[data-edit-draft]").click()
    expect(typed).to_have_value("Two million\nabc")
    page.locator("[data-edit-draft]").click()  # it is there already
    expect(typed).to_have_value("Two million\nabc")

    discard_draft(conversation_id, draft_id, operator.id, utc_now())
    expect(page.locator("[data-edit-draft]")).to_have_count(0)
    typed.press("Control+Enter")
    failed = page.locator(".has-failed")
    expect(failed).to_contain_text("decided about this draft already")
    assert ours() == []
    failed.get_by_role("button", name="Send anyway").click()

    expect(page.locator(".from-operator:not(.is-optimistic)")).to_contain_text("Two million")
    assert ours() == ["Two million\nabc"]


def test_who_mends_a_draft_whose_facts_have_changed_is_told_so_and_sends_it_anyway(shop, open_page):
    path = talk(shop, 2)
    gone = {"source": "catalogue", "text": "Coat: 2,000,000 toman", "reference": "product:1"}
    write_draft(shop.conversation.id, "Two million", gone)
    page = open_page(path)
    page.locator("[data-edit-draft]").click()
    page.locator("#composer-text").fill("Two million, I think")

    page.locator("#composer-text").press("Control+Enter")

    failed = page.locator(".has-failed")
    expect(failed).to_contain_text("has changed since this draft was written")
    expect(page.locator(".draft-note.is-stale")).to_contain_text("says something else since")
    assert ours() == []
    failed.get_by_role("button", name="Send anyway").click()
    expect(page.locator(".from-operator:not(.is-optimistic)")).to_contain_text("Two million, I think")
    assert ours() == ["Two million, I think"]


def test_a_refused_reply_comes_back_with_its_file_its_buttons_and_what_it_answers(shop, open_page):
    shop.receive(text("this one?", ago(30), mid="mid.question"))
    page = open_page(f"/conversations/{shop.conversation.id}")
    page.route("**/replies", lambda route: route.fulfill(**REFUSED))
    page.hover(".item.from-customer")
    page.click(".reply-to")
    page.set_input_files("#composer-file", [PICTURE])
    expect(page.locator(".composer-chip img")).to_have_count(1)
    page.click(".composer-quick summary")
    page.fill("#composer-quick", "38 | 40")
    page.fill("#composer-text", "here it is")
    page.press("#composer-text", "Control+Enter")
    expect(page.locator(".has-failed")).to_contain_text("Not now.")
    page.fill("#composer-text", "meanwhile")

    page.locator(".has-failed").get_by_role("button", name="Edit").click()

    expect(page.locator("#composer-text")).to_have_value("here it is\nmeanwhile")
    expect(page.locator(".composer-chip img")).to_have_count(1)
    expect(page.locator("#composer-quick")).to_have_value("38 | 40")
    expect(page.locator("#composer-quoted")).to_have_text("this one?")
    page.press("#composer-text", "Control+Enter")
    expect(page.locator(".has-failed")).to_contain_text("Not now.")
    page.evaluate("document.querySelector('.reply-to').remove()")  # as where one has jumped to another place
    page.locator(".has-failed").get_by_role("button", name="Edit").click()
    expect(page.locator("#composer-quoted")).to_have_text("An earlier message")
    page.unroute("**/replies")
    page.press("#composer-text", "Control+Enter")
    expect(page.locator(".from-operator:not(.is-optimistic) .is-image img")).to_be_visible()
    expect(page.locator(".composer-chip")).to_have_count(0)
    assert [one.reply_to_external_id for one in rows(Message) if one.sender is Sender.OPERATOR] == ["mid.question"]


def test_a_card_waits_for_its_picture_and_comes_back_with_it(shop, open_page):
    page = open_page(talk(shop, 2))
    held = []
    page.route("**/uploads", lambda route: held.append(route))
    page.route("**/replies", lambda route: route.fulfill(**REFUSED))
    page.click("#composer-card summary")
    page.fill("#composer-card-title", "Linen shirt")
    with page.expect_request("**/uploads"):
        page.set_input_files("#composer-card-file", [PICTURE])

    expect(page.locator("#composer .send")).to_be_disabled()
    page.press("#composer-text", "Control+Enter")
    expect(page.locator("#composer-card-title")).to_have_value("Linen shirt")
    held[0].continue_()
    expect(page.locator("#composer-card-picture img")).to_be_visible()
    page.press("#composer-text", "Control+Enter")
    expect(page.locator(".has-failed img")).to_be_visible()
    expect(page.locator("#composer-card-picture img")).to_have_count(0)

    page.locator(".has-failed").get_by_role("button", name="Edit").click()
    expect(page.locator("#composer-card-title")).to_have_value("Linen shirt")
    expect(page.locator("#composer-card-picture img")).to_be_visible()


def test_a_note_that_was_not_kept_comes_back_above_what_one_writes_and_a_double_click_deletes_none(
    shop, open_page, ali
):
    ali_id = ali.id
    page = open_page(talk(shop, 2))
    page.get_by_role("radio", name="Note").check()
    page.route("**/notes", lambda route: route.abort())
    page.locator("#note-text").press_sequentially("@Ali")
    page.locator("#note-picker [role=option]").click()
    page.press("#note-text", "Control+Enter")
    failed = page.locator(".has-failed")
    expect(failed).to_contain_text("Not kept")
    page.fill("#note-text", "he pays late")

    failed.get_by_role("button", name="Edit").click()
    expect(page.locator("#note-text")).to_have_value("@Ali Karimi\nhe pays late")
    page.unroute("**/notes")
    page.press("#note-text", "Control+Enter")
    note = page.locator(".from-note:not(.is-optimistic)")
    expect(note.locator(".mention")).to_have_text("@Ali Karimi")
    assert [one.operator_id for one in rows(Notification)] == [ali_id]

    note.get_by_label("Delete the note").dblclick()
    expect(note.locator("form[data-asked='1']")).to_be_attached()  # by now it has been read
    assert [one.deleted_at for one in rows(Note)] == [None]
    note.get_by_label("gone for good").click()
    expect(note).to_contain_text("This note was deleted.")


# --- what one chooses ------------------------------------------------------------------------------------------------


def test_the_choice_stays_when_the_deed_failed(shop, waiting, open_page):
    waiting(3)
    page = open_page("/conversations/?zone=needs_you")
    for number in (0, 1):
        page.locator("#rows > li").nth(number).hover()
        page.locator("#rows > li").nth(number).locator(".row-choose").click()
    page.route("**/conversations/bulk", lambda route: route.abort())

    page.locator("#desk-form").get_by_role("button", name="Close").click()
    expect(page.locator(".toast")).to_contain_text("No connection")
    expect(page.locator(".desk-count")).to_have_text("2 chosen")
    page.unroute("**/conversations/bulk")
    page.locator("#desk-form").get_by_role("button", name="Close").click()

    expect(page.locator("#rows > li")).to_have_count(1)
    expect(page.locator("#desk-form")).to_be_hidden()


def test_a_list_that_one_has_paged_far_down_stays_whole_and_chosen_when_something_comes(shop, waiting, open_page):
    ids = waiting(260)
    page = open_page("/conversations/?zone=needs_you")
    more = page.locator("#more")
    for count in (240, 260):  # in steps of 200, for the test's sake
        # At once: the look of a line that has just joined would put the link back.
        more.evaluate("link => { link.href += '&limit=200'; link.click() }")
        expect(page.locator("#rows > li")).to_have_count(count)
    last = page.locator(f"#row-{ids[-10]} input")
    last.evaluate("box => box.click()")

    with transaction():
        conversation = db.session.get_one(Conversation, ids[100])
        add_message(conversation, text="hello?", sent_at=utc_now())
        conversation.last_message_at = utc_now()
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")

    expect(page.locator("#rows > li").first).to_contain_text("hello?")
    expect(page.locator("#rows > li")).to_have_count(260)
    expect(last).to_be_checked()
    expect(page.locator(".desk-count")).to_have_text("1 chosen")


def test_the_bell_keeps_the_line_in_focus_when_another_comes(shop, waiting, ali, operator, open_page):
    first, second = waiting(2)
    assign(first, operator.id, ali.id, utc_now())
    page = open_page("/conversations/?zone=done")
    page.click("#bell")
    line = page.locator(f".bell-menu [data-of='{first}']")
    expect(line).to_be_focused()

    assign(second, operator.id, ali.id, utc_now())

    expect(page.locator(".bell-menu .bell-row")).to_have_count(2)
    expect(line).to_be_focused()


# --- what one reads --------------------------------------------------------------------------------------------------

ADDED = """() => {
    window.added = [];
    const items = document.getElementById("items");
    new MutationObserver((changes) => {
        for (const { addedNodes } of changes)
            for (const node of addedNodes) window.added.push([node.className, items.parentElement.ariaLive]);
    }).observe(items, { childList: true });
}"""


def test_a_screen_reader_hears_nothing_of_a_look_that_brings_nothing_nor_of_older_messages(
    shop, operator, ali, open_page
):
    path = talk(shop, 60)
    conversation_id = shop.conversation.id
    for _ in range(2):
        assign(conversation_id, operator.id, ali.id, utc_now())
        assign_nobody(conversation_id, ali.id, utc_now())
    page = open_page(path)
    expect(page.locator(".fold")).to_contain_text("steps")
    before = page.locator("#items > .item").count()
    page.evaluate(ADDED)

    page.evaluate("document.getElementById('thread').dataset.seq = '0'")  # all of them come once more
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.wait_for_function("() => document.getElementById('thread').dataset.seq !== '0'")
    assert page.evaluate("window.added") == []
    expect(page.locator(".activity:visible")).to_have_count(0)  # and what is folded stays so

    page.locator("#scroller").evaluate("scroller => { scroller.scrollTop = 0 }")
    expect(page.locator("#items > .item")).not_to_have_count(before)
    added = page.evaluate("window.added")
    assert added
    assert {live for _, live in added} == {"off"}
    expect(page.locator("[role=log]")).to_have_attribute("aria-live", "polite")  # what comes from now on is news


def test_what_comes_while_one_pages_down_from_a_place_far_up_is_there_at_the_end(shop, open_page):
    path = talk(shop, 60)
    first = rows(Message)[0].id
    page = open_page(f"{path}?around={first}#m{first}")
    held = []
    page.route(re.compile(r"/messages\?after=\d"), lambda route: held.append((route, route.fetch())))
    page.locator("#scroller").evaluate("scroller => { scroller.scrollTop = scroller.scrollHeight }")
    page.wait_for_function("() => document.getElementById('newer').ariaBusy === 'true'")
    while not held:
        page.wait_for_timeout(20)
    seq = page.locator("#thread").get_attribute("data-seq")

    shop.receive(text("the newest", ago(0)))
    expect(page.locator("#thread")).not_to_have_attribute("data-seq", seq)
    expect(page.locator(".bubble", has_text="the newest")).to_have_count(0)  # its place is not loaded
    route, answer = held[0]
    route.fulfill(response=answer)

    expect(page.locator(".bubble", has_text="words 59")).to_have_count(1)
    expect(page.locator(".bubble", has_text="the newest")).to_have_count(1)


def test_a_look_that_failed_is_repeated_soon_and_one_that_hangs_is_given_up(shop, open_page):
    page = open_page()
    page.clock.install()
    asked = []

    def answer(route):
        name = route.request.url.rsplit("/", 1)[1]
        asked.append(name)
        if name == "busy":
            route.fulfill(status=503, headers={"Retry-After": "7"})
        elif name == "gone":
            route.fulfill(status=404)

    page.route("**/looks/*", answer)
    page.evaluate(
        """async () => {
            const { gather } = await import("/static/panel/live.js");
            const { fetchFragment } = await import("/static/panel/http.js");
            // The browser's own clock cannot be moved.
            AbortSignal.timeout = (ms) => {
                const end = new AbortController();
                setTimeout(() => end.abort(), ms);
                return end.signal;
            };
            window.failed = [];
            for (const name of ["busy", "gone", "hangs"]) {
                const look = () => fetchFragment(`/looks/${name}`).catch((error) => {
                    window.failed.push(name);
                    throw error;
                });
                gather(look)();
            }
        }"""
    )
    page.wait_for_function("() => window.failed.length === 2")
    assert sorted(asked) == ["busy", "gone", "hangs"]

    page.clock.fast_forward(8_000)
    page.wait_for_function("() => window.failed.length === 3")
    assert sorted(asked) == ["busy", "busy", "gone", "hangs"]

    page.clock.fast_forward(30_000)
    page.wait_for_function("() => window.failed.includes('hangs')")
    with page.expect_request("**/looks/hangs"):
        page.clock.fast_forward(6_000)
    assert asked.count("gone") == 1


def test_who_mends_a_draft_is_told_that_the_assistant_goes_on(shop, open_page):
    """Words of one's own take over; what is left of a draft is none of them any more once it is emptied."""
    path = talk(shop, 2)
    write_draft(shop.conversation.id, "Two million")
    with transaction():
        db.session.execute(db.update(Inbox).values(assistant_mode=AssistantMode.DRAFT))
    page = open_page(path)
    own, mended = page.get_by_text("If you write yourself, you take over."), page.get_by_text("the assistant goes on.")
    expect(own).to_be_visible()
    expect(mended).to_be_hidden()

    page.locator("#draft").get_by_role("button", name="Edit").click()
    expect(mended).to_be_visible()
    expect(own).to_be_hidden()

    page.locator("#composer-text").fill("")
    expect(own).to_be_visible()
    expect(mended).to_be_hidden()


def test_a_mended_draft_is_still_the_draft_after_a_reload(shop, open_page):
    path = talk(shop, 2)
    draft_id = write_draft(int(path.rsplit("/", 1)[1]), "It costs 1,850,000 toman.")
    page = open_page(path)
    page.get_by_role("button", name="Edit", exact=True).click()
    page.locator("#composer-text").press_sequentially("!")

    page.reload()
    expect(page.locator("#composer-text")).to_have_value("It costs 1,850,000 toman.!")
    expect(page.locator("#composer-draft")).to_have_value(str(draft_id))
    page.fill("#composer-text", "")
    page.fill("#composer-text", "my own")
    page.reload()

    expect(page.locator("#composer-text")).to_have_value("my own")
    expect(page.locator("#composer-draft")).to_have_value("")
