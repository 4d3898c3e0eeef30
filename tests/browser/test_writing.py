"""Writing in a real browser: the two modes, what is kept over a reload, pickers, and what is taken back in time."""

import re
from datetime import timedelta

from chromium_page import PHONE, needs_chromium, talk
from playwright.sync_api import expect
from rows import add, add_product, add_source
from samples import JPEG

from pilito.clock import utc_now
from pilito.conversations.deliver import deliver
from pilito.database import transaction
from pilito.lifecycle import Role
from pilito.models import CannedReply, Message, Note, Notification, Operator, Variant, db

pytestmark = needs_chromium
PASTE = """() => {
    const clipboardData = new DataTransfer();
    clipboardData.setData("text/plain", "linen 1,850,000");
    clipboardData.items.add(new File(["x"], "image.png", { type: "image/png" }));
    const paste = new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true });
    document.getElementById("composer-text").dispatchEvent(paste);
}"""


def rows(model):
    db.session.rollback()
    return db.session.scalars(db.select(model).order_by(model.id)).all()


def test_a_note_goes_to_the_team_and_the_reply_beside_it_stays(shop, open_page):
    page = open_page(talk(shop, 2), PHONE)
    sent = []
    page.on("request", lambda request: request.method == "POST" and sent.append(request.url.rsplit("/", 1)[1]))
    page.fill("#composer-text", "a reply, half written")

    page.get_by_role("radio", name="Note").check()
    expect(page.locator("#composer-text")).to_be_hidden()
    page.fill("#note-text", "he pays late")
    page.reload()  # both are kept
    page.get_by_role("radio", name="Note").check()
    page.press("#note-text", "Control+Enter")

    note = page.locator(".from-note:not(.is-optimistic)")
    expect(note).to_contain_text("he pays late")
    expect(page.locator("#note-text")).to_have_value("")
    page.get_by_role("radio", name="Reply").check()
    expect(page.locator("#composer-text")).to_have_value("a reply, half written")
    assert "replies" not in sent
    assert [one.text for one in rows(Note)] == ["he pays late"]
    assert [message for message in rows(Message) if message.sender == "operator"] == []

    note.get_by_label("Edit the note").click()
    page.fill("#note-text", "he pays at once")
    page.get_by_role("button", name="Keep the note").click()
    expect(note).to_contain_text("he pays at once")
    note.get_by_label("Delete the note").focus()
    page.keyboard.down("Enter")
    expect(note.locator("form[data-asked='1']")).to_be_attached()  # asked about first
    page.keyboard.down("Enter")  # as the keyboard repeats it while it is held
    page.keyboard.up("Enter")
    note.get_by_label("gone for good").click()
    expect(note).to_contain_text("This note was deleted.")
    assert sent.count("delete") == 1


def test_a_reply_that_did_not_get_out_is_there_after_a_reload_until_it_is_sent_or_discarded(shop, open_page):
    page = open_page(talk(shop, 2))
    page.route("**/replies", lambda route: route.abort())
    for words in ("first", "second"):
        page.fill("#composer-text", words)
        page.press("#composer-text", "Control+Enter")
        expect(page.locator(".has-failed", has_text=words)).to_be_visible()

    page.reload()
    page.unroute("**/replies")
    expect(page.locator(".has-failed")).to_have_count(2)
    page.locator(".has-failed", has_text="first").get_by_role("button", name="Try again").click()
    expect(page.locator(".from-operator:not(.is-optimistic)")).to_contain_text("first")
    page.locator(".has-failed", has_text="second").get_by_role("button", name="Discard").click()
    page.reload()

    expect(page.locator(".from-operator")).to_have_count(1)
    assert [message.text for message in rows(Message) if message.sender == "operator"] == ["first"]


def test_a_reply_that_fails_leaves_the_view_on_what_one_reads_and_says_so(shop, open_page):
    page = open_page(talk(shop, 30), PHONE)
    held = []
    page.route("**/replies", lambda route: held.append(route))
    page.fill("#composer-text", "hello")
    with page.expect_request("**/replies"):
        page.press("#composer-text", "Control+Enter")
    expect(page.locator(".is-optimistic")).to_contain_text("hello")
    page.evaluate("document.getElementById('scroller').scrollTop = 300")

    held[0].abort()

    expect(page.locator(".toast")).to_contain_text("Not sent")
    expect(page.locator(".has-failed")).to_contain_text("hello")
    assert page.evaluate("document.getElementById('scroller').scrollTop") == 300


def test_a_canned_reply_is_picked_by_keys_and_its_open_place_filled_before_it_is_sent(shop, open_page):
    path = talk(shop, 2)
    with transaction():
        for word, words in (("size", "Sizes {customer}: {size}, {colour}."), ("ship", "Two days.")):
            add(CannedReply(shortcut=word, text=words, created_at=utc_now()))
    page = open_page(path)
    text = page.locator("#composer-text")

    text.press_sequentially("Hello! /s")
    options = page.locator("#reply-picker [role=option]")
    expect(options).to_have_count(2)
    expect(options.nth(0)).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowDown")
    assert text.get_attribute("aria-activedescendant") == options.nth(1).get_attribute("id")
    page.keyboard.press("Enter")
    expect(page.locator("#reply-picker")).to_be_hidden()

    page.keyboard.press("Control+Enter")  # an open place is not sent, and marked instead
    expect(page.locator("#composer-problem")).to_contain_text("{customer} is still open")
    page.keyboard.type("Maryam")
    page.keyboard.press("Tab")
    page.keyboard.type("38")
    page.keyboard.press("Tab")
    page.keyboard.type("green")
    page.keyboard.press("Control+Enter")

    expect(page.locator(".from-operator:not(.is-optimistic)")).to_contain_text("Hello! Sizes Maryam: 38, green.")


def test_escape_leaves_the_stroke_as_it_was_typed(shop, open_page):
    path = talk(shop, 2)
    with transaction():
        add(CannedReply(shortcut="size", text="Sizes", created_at=utc_now()))
    page = open_page(path)
    text = page.locator("#composer-text")

    text.press_sequentially("/s")
    expect(page.locator("#reply-picker [role=option]")).to_have_count(1)
    page.keyboard.press("Escape")
    text.press_sequentially("i and/or")

    expect(page.locator("#reply-picker")).to_be_hidden()
    expect(text).to_have_value("/si and/or")


def test_a_product_is_told_with_the_price_of_the_moment_it_is_sent(shop, open_page):
    path = talk(shop, 2)
    with transaction():
        source = add_source(shop.conversation.inbox_id)
        add_product(source, ({"stock": 2},), name="Green linen shirt")
    page = open_page(path)
    page.get_by_role("button", name="Products (#)").click()
    page.locator("#composer-text").press_sequentially("green lin")
    page.locator("#reply-picker [role=option]", has_text="1,850,000").click()
    expect(page.locator("#composer-text")).to_have_value("Green linen shirt: 1,850,000 toman, in stock")
    with transaction():
        db.session.scalars(db.select(Variant)).one().price = 1_950_000

    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator(".has-failed")).to_contain_text("another price by now")
    assert [message for message in rows(Message) if message.sender == "operator"] == []
    page.locator(".has-failed").get_by_role("button", name="Edit").click()
    expect(page.locator("#composer-changes")).to_contain_text("Green linen shirt costs 1,950,000 toman by now.")
    page.get_by_role("button", name="Put in the new price").click()
    expect(page.locator("#composer-changes")).to_be_hidden()
    page.get_by_role("button", name="Send", exact=True).click()

    expect(page.locator(".from-operator:not(.is-optimistic)")).to_contain_text("1,950,000 toman, in stock")


def test_somebody_is_mentioned_and_an_emoji_found_in_persian(shop, open_page):
    path = talk(shop, 2)
    with transaction():
        ali = add(
            Operator(email="ali@shop.test", name="علی رضایی", password_hash="", role=Role.AGENT, created_at=utc_now())
        )
        ali_id = ali.id
    page = open_page(path)
    page.get_by_role("radio", name="Note").check()

    page.locator("#note-text").press_sequentially("@علی")
    page.locator("#note-picker [role=option]").click()
    page.locator("#note-composer [data-emoji]").click()
    page.fill("#note-emoji input", "رز")
    page.locator("#note-emoji .emoji-grid button").first.click()
    page.press("#note-text", "Control+Enter")

    expect(page.locator(".from-note:not(.is-optimistic) .mention")).to_have_text("@علی رضایی")
    expect(page.locator(".from-note:not(.is-optimistic)")).to_contain_text("🌹")
    assert [one.operator_id for one in rows(Notification)] == [ali_id]


def test_a_reply_is_taken_back_in_time_and_leaves_when_it_is_not(shop, graph, operator, open_page):
    path = talk(shop, 2)
    with transaction():
        db.session.get_one(Operator, operator.id).undo_seconds = 10
    page = open_page(path)
    page.fill("#composer-text", "a mistake")
    page.press("#composer-text", "Control+Enter")
    expect(page.get_by_role("button", name="Take it back")).to_be_visible()

    page.press("#composer-text", "Control+z")

    expect(page.locator("#composer-text")).to_have_value("a mistake")
    expect(page.locator(".from-operator:visible")).to_have_count(0)
    page.fill("#composer-text", "better")
    page.press("#composer-text", "Control+Enter")
    expect(page.locator(".retract .countdown")).to_have_text(re.compile(r"0:0\d"))
    page.close()  # nothing depends on the page
    held = next(message.id for message in rows(Message) if message.text == "better")
    with shop.app.app_context():
        deliver(held, lambda: utc_now() + timedelta(seconds=11))

    assert "better" in graph.texts
    assert "a mistake" not in graph.texts


def test_pictures_are_looked_at_one_after_the_other_by_keys(shop, open_page):
    page = open_page(talk(shop, 2))
    picture = {"mimeType": "image/jpeg", "buffer": JPEG}
    page.set_input_files("#composer-file", [{**picture, "name": "a.jpg"}, {**picture, "name": "b.jpg"}])
    expect(page.locator(".composer-chip img")).to_have_count(2)
    page.get_by_role("button", name="Send", exact=True).click()
    links = page.locator("#items a.media.is-image")
    expect(links).to_have_count(2)

    links.first.click()
    viewer = page.locator("#viewer")
    expect(viewer).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#viewer-picture")).to_have_attribute("src", re.compile(links.last.get_attribute("href")))
    expect(page.get_by_role("button", name="Next picture")).to_be_hidden()
    page.keyboard.press("Escape")

    expect(viewer).to_be_hidden()
    expect(links.last).to_be_focused()


def test_a_reply_of_which_only_the_answer_was_lost_is_not_given_back_to_be_sent_anew(shop, open_page):
    page = open_page(talk(shop, 2))
    page.route("**/messages?*", lambda route: route.abort())

    def lose_the_answer(route):
        route.fetch()
        route.abort()

    page.route("**/replies", lose_the_answer)
    page.fill("#composer-text", "two milion")
    page.press("#composer-text", "Control+Enter")
    edit = page.locator(".has-failed").get_by_role("button", name="Edit")
    edit.click()
    expect(page.locator(".toast")).to_contain_text("No connection")
    expect(page.locator("#composer-text")).to_have_value("")  # nobody knows yet whether the customer has it
    page.unroute_all()

    edit.click()

    expect(page.locator(".from-operator:not(.is-optimistic)")).to_contain_text("two milion")
    expect(page.locator(".toast").last).to_contain_text("has arrived")
    expect(page.locator("#composer-text")).to_have_value("")
    expect(page.locator(".is-optimistic")).to_have_count(0)


def test_what_is_chosen_is_where_one_sees_it(shop, open_page):
    page = open_page(talk(shop, 2))
    page.evaluate(PASTE)
    expect(page.locator(".composer-chip")).to_have_count(
        0
    )  # cells of a spreadsheet come as words and as a picture of them

    page.get_by_role("radio", name="Note").check()
    page.locator(".reply-to").first.evaluate("button => button.click()")
    expect(page.locator("#composer-quoted")).to_be_visible()


def test_a_live_update_leaves_what_one_types_beside_the_conversation(shop, open_page):
    page = open_page(talk(shop, 2))
    page.fill("#aside-who", "samira")
    before = page.locator("#aside-content").get_attribute("data-now")

    changed = "id => document.dispatchEvent(new CustomEvent('conversation:changed', { detail: { conversation: id } }))"
    page.evaluate(changed, shop.conversation.id)

    expect(page.locator("#aside-content")).not_to_have_attribute("data-now", before)
    expect(page.locator("#aside-who")).to_have_value("samira")


def test_what_was_folded_away_is_shown_before_it_leaves_and_can_be_left_out(shop, open_page):
    page = open_page(talk(shop, 2))
    sent = []
    page.on("request", lambda request: request.url.endswith("/replies") and sent.append(request.post_data))
    page.locator("#composer-card summary").click()
    page.fill("#composer-card-title", "Linen shirt")
    page.locator("#composer-card summary").click()
    page.fill("#composer-text", "one moment please")

    page.press("#composer-text", "Control+Enter")
    expect(page.locator("#composer-card-title")).to_be_visible()
    expect(page.locator("#composer-problem")).to_contain_text("This goes with your reply too")
    page.fill("[name=card_url]", "shop.test")
    page.locator("#composer-card summary").click()
    page.press("#composer-text", "Control+Enter")
    expect(page.locator("[name=card_url]")).to_be_visible()  # its address is none, and the browser says so
    assert sent == []
    page.get_by_role("button", name="Leave the card out").click()
    page.press("#composer-text", "Control+Enter")

    expect(page.locator(".from-operator:not(.is-optimistic)")).to_contain_text("one moment please")
    assert len(sent) == 1
    assert "Linen" not in sent[0]


def test_sent_empty_the_composer_says_itself_what_is_missing_until_one_writes(shop, open_page):
    page = open_page(talk(shop, 2))
    # The browser's own bubble stands in no document: it is shown where nobody has said no to it.
    page.evaluate(
        """addEventListener("invalid", (event) => setTimeout(() => (window.bubble = !event.defaultPrevented)), true)"""
    )
    for form, box in (("#composer", "#composer-text"), ("#note-composer", "#note-text")):
        if form == "#note-composer":
            page.check("#write-note", force=True)
        problem = page.locator(f"{form} .composer-problem")
        for empty in ("", "  "):
            page.fill(box, empty)
            page.locator(f"{form} button.send").click()
            expect(problem).to_contain_text("Nothing is written yet.")
            expect(page.locator(box)).to_be_focused()
        assert page.evaluate("window.bubble") is False

        page.locator(box).press_sequentially("a")
        expect(problem).to_be_hidden()
        page.fill(box, "")
