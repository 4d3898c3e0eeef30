"""Words that want to run: in every text column of every table, on every page, for the browser and for its parser.

Behind each word stands a mark of where it was written, so that a column counts only as far as a page shows it.
"""

import csv
import io
import json
import re
from collections import defaultdict
from pathlib import Path

import pytest
from chromium_page import needs_chromium
from flask import url_for
from hostile_shop import CROWD, THREADS, fill_shop, tie_again
from hostile_words import COLUMNS, MARK, WORDS, marked, room_of, search_words, spread, words_in
from longer import examples
from playwright.sync_api import expect
from rows import FreshClient
from rq.job import Job
from rq.registry import FailedJobRegistry
from rq.results import Result
from rq.serializers import JSONSerializer
from samples import JPEG
from selectolax.lexbor import LexborHTMLParser

from pilito import keys, presence, realtime
from pilito.blueprints.panel.pages import PAGES
from pilito.clock import utc_now
from pilito.database import transaction
from pilito.extensions import media_store
from pilito.knowledge import csv_import
from pilito.lifecycle import MediaKind
from pilito.models import CannedReply, ConversationLabel, Inbox, Label, MediaFile, Message, Note, SavedView, db
from pilito.search import fill

ENOUGH = 300  # of the 314: a few are changed on their way, where a line break becomes a space
# As large as the crowd: one page shows all of it.
SIZES = (
    "blueprints.panel.catalogue.PREVIEW_LINES", "blueprints.panel.comments.PAGE", "blueprints.panel.pickers.MOST",
    "blueprints.panel.search.MANY", "blueprints.panel.trials.OWN_POSTS", "blueprints.panel.views.LIST_LIMIT",
    "blueprints.panel.views.THREAD_PAGE", "conversations.canned.MOST_PICKED", "queries.audit.PAGE", "queries.catalogue.PAGE", "queries.health.KINDS",
    "queries.health.ROWS", "queries.search.CUSTOMERS_LOOKED_AT",
)  # fmt: skip
# Of which fewer are shown: how many at least, and why.
FEWER = {
    285: {  # what is no address of the web is no link
        ("attachment", "url"), ("own_post", "permalink"), ("share", "permalink"),
    },
    230: {  # cut to one line
        ("draft", "finding"), ("file", "cell"), ("product", "category"), ("source", "name"), ("event", "kind"), ("event", "reason"),
    },
    200: {("operator_session", "browser")},  # the first 60 characters of what a browser says of itself
    20: {("data_deletion", "code")},  # so many wait at most
    5: {("file", "header")},  # of ten: which words they are changes with every new column
    3: {("customer", "external_id"), ("share", "url")},  # only where there is nothing better: a name, a permalink
    1: {("operator", "zone"), ("source", "address")},  # of oneself, and of the one source that is open
}  # fmt: skip
LEAST = {column: count for count, columns in FEWER.items() for column in columns}
# Of which no page shows anything, and why.
NOWHERE = {
    "an id, a digest, a salt or a secret": {
        ("api_token", "token_hash"), ("audit_seal", "address_digest"), ("audit_seal", "address_salt"), ("audit_seal", "details_digest"),
        ("audit_seal", "details_salt"), ("audit_seal", "seal"), ("comment", "author_external_id"), ("comment", "external_id"),
        ("comment", "media_external_id"), ("comment", "parent_external_id"), ("comment", "reply_external_id"), ("data_deletion", "user_digest"),
        ("delivery", "external_id"), ("early_edit", "external_id"), ("embedding", "digest"), ("entry_link", "token_hash"), ("erasure", "customer_digest"),
        ("inbox", "app_user_id"), ("media_mark", "marks"), ("operator", "password_hash"), ("product", "external_id"), ("proof", "prompt_hash"),
        ("recovery_code", "code_hash"), ("share", "media_id"), ("attachment", "media_id"), ("variant", "external_id"), ("web_page", "content_digest"),
        ("web_page", "digest"), ("own_post", "media_id"), ("own_post", "shortcode"), ("data_deletion", "inbox_ids"), ("draft", "message_ids"),
    },
    "a word of our code, for which a sentence stands": {
        ("comment", "error"), ("delivery", "error"), ("delivery", "error_code"), ("delivery", "tag"), ("draft", "stale_why"), ("inbox", "stop_reason"),
        ("inbox", "subscription_error"), ("inbox", "token_error"), ("instructions", "languages"), ("instructions", "length"), ("instructions", "tone"),
        ("mail", "error"), ("media_file", "error"), ("operator", "quiet_from"), ("operator", "quiet_until"), ("reading", "error"), ("source", "error"),
        ("media_mark", "held_why"), ("turn", "ended_why"), ("upkeep", "error"), ("web_page", "error"), ("proof", "facts_used"),
    },
    "a word of the provider that only our code reads": {
        ("comment", "media_kind"), ("own_post", "media_product_type"), ("own_post", "media_type"), ("reaction", "name"), ("upkeep", "all_posts_after"), ("webhook", "account"),
        ("web_page", "etag"), ("web_page", "last_modified"),
    },
    "told by the audit log, in the line of the thread": {("conversation", "referral")},
    "what the assistant reads, or its search": {
        ("embedding", "model"), ("message", "content"), ("own_post", "caption_start"), ("open_question", "likeness"), ("passage", "address"),
        ("model_use", "model"),
    },
    "where a file lies at the provider; our copy is shown": {("customer", "picture_url"), ("media_file", "source_url"), ("own_post", "picture_url")},
    "kept to be sent, or until its message comes": {("delivery", "payload"), ("early_edit", "question"), ("early_edit", "text"), ("message", "machine_line")},
    "kept for whoever looks into the database": {("backup", "error"), ("backup", "name"), ("comment", "error_text"), ("delivery", "error_text")},
    "a setting, or what is counted": {
        ("counter", "numbers"), ("counter", "source"), ("saved_view", "query"), ("source", "options"), ("tally", "numbers"),
        ("tally_day", "numbers"), ("tally_day", "zone"), ("tally_zone", "name"),
    },
    "the source is called by it": {("source_file", "name"), ("web_page", "title")},
}  # fmt: skip
UNSEEN = set().union(*NOWHERE.values())
SAFE_SCHEMES = ("http", "https", "mailto", "blob")
# Attributes that lead somewhere. Pictures of strangers' addresses must not be loaded, links may lead there.
LEADING = ("href", "src", "action", "formaction", "poster", "srcset", "data", "xlink:href")
DEAD = {"script", "iframe", "object", "embed", "base", "x-hit", "marquee", "math"}
FILE_NAME = '"><img src=x onerror=alert(1)>.jpg'
pytestmark = pytest.mark.sqlite_only


@pytest.fixture
def owner(shop):
    """Who looks at a shop with a crowd of everything; its words are harmless so far."""
    with transaction():
        return fill_shop()


@pytest.fixture
def on_one_page(monkeypatch):
    for size in SIZES:
        monkeypatch.setattr(f"pilito.{size}", CROWD + 50)


@pytest.fixture
def pictures(owner):
    for key in db.session.scalars(db.select(MediaFile.key).where(MediaFile.kind == MediaKind.IMAGE)):
        media_store.put(key, io.BytesIO(JPEG), len(JPEG), "image/jpeg")
    db.session.rollback()


@pytest.fixture
def session(shop, owner):
    """The owner's cookie."""
    client = FreshClient(shop.app)
    with client.session_transaction() as session:
        session.update({"_user_id": owner.get_id(), "_fresh": True})
    return client.get_cookie("pilito").value


def poison(turn=0):
    with transaction():
        spread(turn)
        tie_again()


def let_them_be_found():
    fill.begin_anew()
    fill.take_in(60)


@pytest.fixture
def import_path(owner):
    """The page on which the columns of a file are chosen."""
    lines = io.StringIO()
    headers = [marked(("file", "header"), number) for number in range(10)]
    csv.writer(lines).writerows([headers, *([marked(("file", "cell"), number)] * 10 for number in range(CROWD))])
    draft = csv_import.begin_import(None, FILE_NAME, lines.getvalue().encode(), owner.id, utc_now())
    csv_import.choose_columns(draft, {0: "name", 1: "price", 2: "description"}, "IRT", utc_now())
    return f"/catalogue/import/{draft}"


@pytest.fixture
def jobs_paths(redis_client):
    """Of rq-dashboard: jobs that failed, and one of them."""
    with redis_client.pipeline() as pipe:
        failed = FailedJobRegistry(keys.REPLIES, connection=redis_client, serializer=JSONSerializer)
        for number in range(CROWD):
            job = Job.create(
                "pilito.jobs.replies.reply", (WORDS[number],), id=f"job-{number}", origin=keys.REPLIES, connection=redis_client,
                description=marked(("job", "description"), number), serializer=JSONSerializer, status="failed",
            )  # fmt: skip
            job.save(pipeline=pipe)
            failed.add(job, ttl=-1, exc_string="", pipeline=pipe)
            Result.create_failure(job, 500, marked(("job", "exception"), number), pipeline=pipe)
        pipe.execute()
    return f"/rq/0/view/jobs/{keys.REPLIES}/failed/{CROWD}/asc/1", "/rq/0/view/job/job-7"


# --- every page, one after the other ---------------------------------------------------------------------------------


CROWDED = (f"/conversations/?limit={CROWD}", "/inboxes")  # what shows a crowd that every other page would show too


def pages(shop, import_path):
    """Every page one goes to, and those of single things."""
    customers, products = (search_words(column) for column in (("customer", "name"), ("product", "name")))
    with shop.app.test_request_context():
        named = [url_for(page.endpoint) for page in PAGES if not page.endpoint.startswith("rq_dashboard")]
    return [
        *(page for page in named if page not in CROWDED),
        "/notifications", "/catalogue/1", "/catalogue/import", import_path, "/knowledge/sources/2", "/inboxes/1/assistant",
        "/inboxes/1/check", "/inboxes/1/instructions", "/inboxes/1/try", "/health/webhooks/1", "/analytics/posts/1", "/conversations/1/erase",
        "/conversations/search?q=alert", f"/conversations/search?kind=customers&q={customers}",
        f"/conversations/search?kind=products&q={products}", "/login?next=javascript:alert(1)", "/no/such/<x-hit>",
    ]  # fmt: skip


def thin_out(*tables):
    """Of what stands on every page, or in every row of one, a few are enough by now."""
    with transaction():
        db.session.execute(db.delete(ConversationLabel).where(ConversationLabel.label_id > 20))
        for table in tables:
            db.session.execute(db.delete(table).where(table.id > 20))


def find_hits(html):
    """What in a page came to life: tags that we never write, handlers, and addresses that run."""
    for node in LexborHTMLParser(html).css("*"):
        attributes = node.attributes
        if node.tag in DEAD and not (node.tag == "script" and (attributes.get("src") or "").startswith("/static/")):
            yield f"<{node.tag}>"
        for name, value in attributes.items():
            if name.startswith(("on", "x-hit")) or name == "style":
                yield f"<{node.tag} {name}>"
            if name in LEADING and not _is_safe(value or "", node.tag, name):
                yield f"<{node.tag} {name}={value!r}>"


def _is_safe(value, tag, name):
    scheme = re.match(r"\s*([a-zA-Z][\w+.-]*):", re.sub(r"[\x00-\x20]", "", value))
    if tag == "a" and name == "href":
        return scheme is None or scheme[1].lower() in SAFE_SCHEMES
    return scheme is None and not value.startswith(("//", "\\"))  # loads from ourselves alone


def test_no_word_comes_to_life_in_any_page(shop, session, import_path):
    """Without a browser, so that it is tried where there is none."""
    poison()
    client = FreshClient(shop.app)
    client.set_cookie("pilito", session)

    hits, seen = [], set()
    thin_out(Inbox, SavedView, Label, CannedReply)
    for address in (*pages(shop, import_path), "/conversations/1", "/conversations/1/aside"):
        answer = client.get(address)
        assert answer.status_code < 500, address
        html = answer.get_data(as_text=True)
        hits += [f"{address}: {hit}" for hit in find_hits(html)]
        seen |= {column for column, _ in words_in(LexborHTMLParser(html).root.text(deep=True))}

    assert not hits
    assert len(seen) > 50  # the words are really there


class Eye:
    """A page that says what came to life in it, and which words it has shown."""

    def __init__(self, context, base):
        self.problems, self.shown = [], defaultdict(set)
        self.page = context.new_page()
        self.page.set_default_timeout(20_000)
        self.page.on("dialog", lambda dialog: (self._complain("a dialog"), dialog.dismiss()))
        self.page.on("console", lambda line: "Content Security" in line.text and self._complain(line.text))
        self.page.on("pageerror", lambda error: self._complain(str(error)))
        ours = (base, base.replace("http", "ws"), "data:", "blob:")
        self.page.on("request", lambda one: one.url.startswith(ours) or self._complain(f"a request of {one.url}"))

    def _complain(self, what):
        self.problems.append(f"{self.page.url}: {what}")

    def look(self, where=""):
        injected, shown = self.page.evaluate("hostile()")
        for one in injected:
            self._complain(f"{where} {one}")
        for one in shown:
            self.shown[COLUMNS[one // 1000]].add(one % 1000)

    def visit(self, address, wait_for=None):
        self.page.goto(address)
        if wait_for:
            self.page.wait_for_selector(wait_for, state="attached")
        self.look()

    def press(self, selector):
        self.page.eval_on_selector(selector, "(element) => element.click()")

    def wait(self, selector):
        self.page.wait_for_selector(selector, state="attached")
        self.look(selector)


@pytest.fixture
def eye(chromium, server, session):
    base = f"http://127.0.0.1:{server.port}"
    context = chromium.new_context(viewport={"width": 1440, "height": 900}, base_url=base, locale="en-US")
    context.add_cookies([{"name": "pilito", "value": session, "url": base}])
    setting = json.dumps({"words": WORDS, "rooms": [room_of(column) for column in COLUMNS], "dead": sorted(DEAD)})
    script = Path(__file__).with_name("hostile_page.js").read_text()
    context.add_init_script(f"(() => {{ const SETTING = {setting};\n{script} }})();")
    yield Eye(context, base)
    context.close()


def watch_it_arrive(eye):
    """A conversation is open when the words come: new bubbles and rows, by the live line."""
    eye.page.goto("/conversations/1")
    expect(eye.page.locator("#line[data-state=live]")).to_be_attached()
    poison()
    newest = 10_000
    with transaction():
        for table in (Message, Note):
            db.session.execute(db.update(table).where(table.conversation_id == 1).values(seq=newest))
        db.session.execute(db.text("UPDATE conversation SET seq = :seq WHERE id = 1"), {"seq": newest})
    realtime.changed(1, newest)
    for place in ("#items", "#rows", "#aside"):
        expect(eye.page.locator(place)).to_contain_text(MARK)
    eye.look("live")
    eye.press("[data-menu=filter]")
    eye.wait("#desk-menu[open] .filter-choice")


def open_everything(eye):
    """Whatever a conversation opens, each once."""
    page, customers = eye.page, search_words(("customer", "name"))
    page.goto("/conversations/1")
    expect(page.locator("#line[data-state=live]")).to_be_attached()
    eye.press("#bell")
    eye.wait(".bell-menu .bell-row")
    eye.press("[data-run=bar]")
    page.fill("#bar-text", customers)
    eye.wait("#bar-list .bar-detail bdi")
    page.eval_on_selector("#bar", "(bar) => bar.close()")
    for menu in ("assign", "label", "snooze"):
        eye.press(f"[data-menu={menu}]")
        eye.wait("#desk-menu[open] .menu-list button")
        page.eval_on_selector("#desk-menu", "(menu) => menu.close()")
    for sign, box in (("/", "composer"), ("#", "composer")):
        page.fill(f"#{box}-text", "")
        page.locator(f"#{box}-text").press_sequentially(sign)
        eye.wait(f"#{box} .picker [role=option]")
        eye.press(f"#{box} .picker [role=option]")
        eye.look(sign)
    eye.press("#write-note")
    page.locator("#note-text").press_sequentially("@")
    eye.wait("#note-composer .picker [role=option]")
    eye.press("#note-composer .picker [role=option]")
    eye.press("[data-edit-note]")
    eye.look("a note that is mended")
    eye.press("#write-reply")
    eye.press("[data-edit-draft]")
    eye.press(".reply-to")
    eye.look("a draft in the composer, with what it answers")
    page.set_input_files("#composer-file", {"name": FILE_NAME, "mimeType": "image/jpeg", "buffer": JPEG})
    eye.wait("#composer-files li")
    eye.press("#find-open")
    page.fill("#find-text", "alert")
    expect(page.locator("#find-count")).not_to_be_empty()
    eye.look("find")
    eye.press("[data-run=keys]")
    eye.wait("#sheet[open] kbd")
    page.eval_on_selector("#sheet", "(sheet) => sheet.close()")
    eye.press("#items a.media.is-image")
    eye.wait("#viewer[open] img[src]")
    page.eval_on_selector("#viewer", "(viewer) => viewer.close()")


def say_something(eye):
    """A reply and a toast with such words in them."""
    page, word = eye.page, marked(("message", "text"), 3)
    page.fill("#composer-text", word)
    eye.press("#composer .send")
    eye.wait("#items .from-operator:last-of-type")
    eye.press("[data-menu=assign]")
    page.wait_for_selector("#desk-menu[open] .menu-list button[value='9']", state="attached")
    eye.press("#desk-menu .menu-list button[value='9']")
    eye.wait(".toast")
    page.fill("#search-text", "alert")
    page.press("#search-text", "Enter")
    eye.wait("#hits .hit")
    page.fill("#search-text", "")
    eye.look("searches of before")


def open_the_others(eye):
    """Every conversation in which much was said, as one moves about: by a click on its row. In the second somebody else
    writes, and is called so."""
    eye.press("#search-leave")
    eye.page.wait_for_selector("#row-2", state="attached")
    now = utc_now().timestamp()
    other = presence.Mark(2, 7, "another line")
    for number in range(2, THREADS + 1):
        if number == 2:
            presence.arrive(other, now)
            presence.begin_typing(other, now)
        eye.press(f"#row-{number} .row")
        eye.wait(f"#thread[data-conversation='{number}'] #items > li")
        if number == 2:
            eye.wait("#viewers .avatar")
            expect(eye.page.locator("#lock-words")).to_contain_text(MARK)


@pytest.mark.whole
@needs_chromium[-1]
@pytest.mark.timeout(300 * examples(1))
def test_nothing_of_it_runs_in_a_browser(shop, on_one_page, pictures, eye, import_path, jobs_paths):
    watch_it_arrive(eye)
    for address in CROWDED:
        eye.visit(address)
    thin_out(Inbox, SavedView, Label)
    let_them_be_found()
    open_everything(eye)
    thin_out(CannedReply)
    say_something(eye)
    open_the_others(eye)
    for address in pages(shop, import_path):
        eye.visit(address)
    for turn in range(1, examples(1)):  # the long form (make fuzz): the words in other rows, of other kinds and states
        poison(turn)
        for address in (*pages(shop, import_path), *(f"/conversations/{one}" for one in range(1, THREADS + 1))):
            eye.visit(address)
    for address in jobs_paths:
        eye.visit(address, wait_for="text=alert(1)")

    shown = {column: len(eye.shown[column]) for column in COLUMNS}
    assert not eye.problems, "\n".join(dict.fromkeys(eye.problems))
    assert {column for column, count in shown.items() if not count} == UNSEEN
    assert {column: count for column, count in shown.items() if count < LEAST.get(column, ENOUGH)} == dict.fromkeys(
        UNSEEN, 0
    )
