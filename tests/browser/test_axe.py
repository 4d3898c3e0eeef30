"""axe over every page of the panel, in both languages and both looks: nothing serious, nothing critical; and nothing that
is wider than a phone."""

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from chromium_page import DESKTOP, PHONE, needs_chromium, over_the_edge, talk
from flask import url_for
from rows import FreshClient, add_operator

from pilito.blueprints.panel.pages import PAGES
from pilito.clock import utc_now
from pilito.conversations.hand_over import hand_over
from pilito.conversations.notes import write_note
from pilito.database import transaction
from pilito.lifecycle import HandOverReason, LabelColour, Role
from pilito.models import CannedReply, ConversationLabel, Label, db
from pilito.people.links import invite

pytestmark = needs_chromium

RUN = """async () => {
  const found = await axe.run(document, {resultTypes: ["violations"], elementRef: false});
  return found.violations.filter(({impact}) => impact === "serious" || impact === "critical")
    .flatMap(({id, nodes}) => nodes.map(({target, failureSummary}) => `${id}: ${target} ${failureSummary.split("\\n")[1] ?? ""}`));
}"""
TWICE = (
    """() => [...document.querySelectorAll("[id]")].map(({id}) => id).filter((id, n, all) => all.indexOf(id) !== n)"""
)
OPEN_BY_ITSELF = """() => [...document.querySelectorAll("dialog")].filter((one) => !one.open && one.getClientRects().length).map(({id}) => id)"""
MENUS = ("assign", "label", "snooze", "filter")


@pytest.fixture
def shop(make_shop, tmp_path):
    return make_shop(
        public_url="https://pilito.shop.test", pilito_demo=True, pilito_demo_state=f"{tmp_path}/demo.sqlite3"
    )


@pytest.fixture
def busy(shop):
    """A conversation that needs somebody, with a note and a label; return its path."""
    path, now = talk(shop, 6), utc_now()
    conversation, colleague = shop.conversation, None
    with transaction() as tx:
        colleague = add_operator(Role.AGENT, name="نرگس حسینی")
        hand_over(tx, conversation, HandOverReason.NOT_KNOWN, "", now)
        label = Label(name="فوری", colour=LabelColour.RED, created_at=now)
        db.session.add_all([label, CannedReply(shortcut="size", text="از ۳۶ تا ۴۶", created_at=now)])
        db.session.flush()
        db.session.add(ConversationLabel(conversation_id=conversation.id, label_id=label.id, created_at=now))
    write_note(conversation.id, colleague.id, "@نرگس حسینی لطفاً ببینید", [colleague.id], "note-1", now)
    return path


@pytest.fixture
def open_owners(shop, server, chromium):
    """Return a page in which an owner is logged in, in their language."""
    contexts = []

    def make(language):
        with transaction():
            owner = add_operator(Role.OWNER, name="Mina", language=language)
        client = FreshClient(shop.app)
        with client.session_transaction() as session:
            session.update({"_user_id": owner.get_id(), "_fresh": True})
        base = f"http://127.0.0.1:{server.port}"
        context = chromium.new_context(viewport=DESKTOP, base_url=base, locale=language)
        contexts.append(context)
        context.add_cookies([{"name": "pilito", "value": client.get_cookie("pilito").value, "url": base}])
        return context.new_page()

    yield make
    for context in contexts:
        context.close()


class Look:
    """What axe finds. Persian is looked at in light and English in dark: a colour is the same in both languages."""

    def __init__(self, page, scheme):
        self.page, self.found = page, {}
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")

    def go(self, path):
        self.page.goto(path, wait_until="domcontentloaded")
        self.page.evaluate(AXE_SCRIPT)
        self.check(path)

    def check(self, name):
        for script in (RUN, TWICE, OPEN_BY_ITSELF):
            if found := self.page.evaluate(script):
                self.found.setdefault(name, []).extend(found)

    def narrow(self, name):
        """On a phone nothing reaches over the edge."""
        self.page.set_viewport_size(PHONE)
        if found := over_the_edge(self.page):
            self.found.setdefault(f"{name} on a phone", []).extend(found)
        self.page.set_viewport_size(DESKTOP)


def pages(shop):
    with shop.app.test_request_context():
        paths = [url_for(page.endpoint) for page in PAGES if page.endpoint.startswith("panel.")]
    return [*paths, "/knowledge/texts/new", "/catalogue/new", "/notifications", "/conversations/search?q=words"]


@pytest.mark.parametrize(("language", "scheme"), [("fa", "light"), ("en", "dark")])
def test_nothing_serious_on_any_page(shop, busy, open_owners, language, scheme):
    look = Look(open_owners(language), scheme)

    for path in [*pages(shop), f"{busy}/erase"]:
        look.go(path)
        if language == "fa":  # a tenth of a second each: once is enough
            look.narrow(path)

    assert look.found == {}


@pytest.mark.parametrize(("language", "scheme"), [("fa", "light"), ("en", "dark")])
def test_nothing_serious_in_a_conversation_and_what_opens_over_it(shop, busy, open_owners, language, scheme):
    page = open_owners(language)
    look = Look(page, scheme)

    look.go(busy)
    page.wait_for_selector("#line[data-state=live]", state="attached")
    page.check("#write-note", force=True)
    look.check("note")
    page.wait_for_selector("#aside:not([hidden]) #aside-content h2")
    look.check("beside")
    for menu in MENUS:
        page.locator(f'[data-menu="{menu}"]:visible').first.click()
        page.wait_for_selector("#desk-menu[open]")
        look.check(menu)
        page.keyboard.press("Escape")
    for name, key in (("bar", "Control+KeyK"), ("sheet", "Shift+Slash")):
        page.locator("#scroller").focus()
        page.keyboard.press(key)
        page.wait_for_selector(f"#{name}[open]")
        look.check(name)
        page.keyboard.press("Escape")

    assert look.found == {}


def test_nothing_serious_where_nobody_is_logged_in(shop, open_owners):
    page = open_owners("en")
    page.context.clear_cookies()
    token, _ = invite("new@shop.test", Role.AGENT, None, lambda _token: ("", ""), utc_now())
    look = Look(page, "light")

    for path in ("/login?lang=fa", "/login?lang=en", f"/join/{token}", "/forgot-password", "/demo"):
        look.go(path)

    assert look.found == {}
