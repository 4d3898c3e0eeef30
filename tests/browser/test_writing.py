"""Writing in a real browser: the two modes, what is kept over a reload, pickers, and what is taken back in time."""

from chromium_page import PHONE, needs_chromium, talk
from playwright.sync_api import expect

from pilito.models import Message, Note, db

pytestmark = needs_chromium


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
    note.get_by_label("Delete the note").click()
    assert rows(Note)[0].deleted_at is None  # asked about first
    note.get_by_label("gone for good").click()
    expect(note).to_contain_text("This note was deleted.")


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
