"""Every answer of every route, right or wrong: its headers, and what an error gives away.

Each is taken whole (`buffered`), as a browser would: one that is left in the middle would end when Python clears it away.
"""

import re
import sqlite3
from contextlib import closing

import pytest
from rows import NOON, FreshClient, add_conversation
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from pilito.blueprints.auth import FRAGMENT_HEADER
from pilito.clock import utc_now
from pilito.config import ROOT
from pilito.database import transaction
from pilito.lifecycle import LabelColour, Role
from pilito.models import Label, Message, db
from pilito.tokens import issue_token

CANARY = "canary-SELECT-password-FROM-operator"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
# The pages of rq-dashboard compile their templates in the browser; everything else of it has our own policy.
EASED = {f"rq_dashboard.{name}" for name in ("queues_overview", "workers_overview", "jobs_overview", "job_view")}

pytestmark = pytest.mark.sqlite_only


def addresses(app):
    """An address for every route; what it names is not there."""
    for rule in app.url_map.iter_rules():
        if not rule.endpoint.startswith("demo."):
            yield rule, re.sub(r"<[^>]+>", "7", rule.rule)


def assert_guarded(answer, rule):
    headers, policy = answer.headers, answer.headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff", rule
    assert headers["Referrer-Policy"] == "same-origin", rule
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin", rule
    assert headers["X-Frame-Options"] == "DENY", rule
    assert "default-src 'none'" in policy, rule
    assert "frame-ancestors 'none'" in policy, rule
    if rule.endpoint not in EASED or answer.status_code != 200:
        assert "script-src 'self';" in policy, rule
        assert "unsafe" not in policy, rule


@pytest.mark.parametrize("role", [None, Role.VIEWER, Role.OWNER])
def test_every_answer_carries_the_headers(app, client, log_in, role):
    browser = log_in(role) if role else client

    for rule, address in addresses(app):
        for method in METHODS:  # also those that the route does not know: 405 is an answer too
            assert_guarded(browser.open(address, method=method, buffered=True), rule)


def test_an_unknown_address_and_a_redirect_carry_them_too(app, client):
    rule = next(rule for rule in app.url_map.iter_rules() if rule.endpoint == "panel.show_list")

    for path in ("/no/such/page", "/", "/static/nothing.js", "/%00", "/..%2f..%2fetc/passwd"):
        assert_guarded(client.get(path), rule)


def test_a_file_of_the_panel_carries_them_whole_in_part_and_unchanged(app, client):
    rule = next(rule for rule in app.url_map.iter_rules() if rule.endpoint == "static")
    path = "/static/panel/main.js"
    whole = client.get(path)

    part = client.get(path, headers={"Range": "bytes=0-9"})
    unchanged = client.get(path, headers={"If-None-Match": whole.headers["ETag"]})
    head = client.head(path)

    assert [one.status_code for one in (whole, part, unchanged, head)] == [200, 206, 304, 200]
    for answer in (whole, part, unchanged, head):
        assert_guarded(answer, rule)


def test_a_body_that_is_too_large_and_a_form_without_a_token_are_refused_with_them(app, client):
    rule = next(rule for rule in app.url_map.iter_rules() if rule.endpoint == "auth.show_login")

    too_large = client.post("/webhooks/instagram", data=b"x" * (1024 * 1024 + 1))
    without_token = client.post("/login", data={"email": "x"})

    assert (too_large.status_code, without_token.status_code) == (413, 400)
    for answer in (too_large, without_token):
        assert_guarded(answer, rule)


LIVE_LINE = "/socket.io/?EIO=4&transport="


@pytest.mark.parametrize("transport", ["websocket", "polling", "<script>", "polling&sid=x"])
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS", "PUT"])
@pytest.mark.parametrize("origin", ["http://localhost", "https://evil.test"])
def test_what_the_live_line_answers_before_it_is_one_carries_them_too(client, transport, method, origin):
    answer = client.open(f"{LIVE_LINE}{transport}", method=method, headers={"Origin": origin})

    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert "Access-Control-Allow-Origin" not in answer.headers or origin == "http://localhost"
    assert "script" not in answer.text


@pytest.fixture
def broken_app(app, monkeypatch):
    """Every view fails with words that nobody outside may read."""

    def fail(*_, **__):
        raise RuntimeError(f"{CANARY} {ROOT}/pilito/secret.py")

    for endpoint in app.view_functions:
        monkeypatch.setitem(app.view_functions, endpoint, fail)
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    monkeypatch.setitem(app.config, "TESTING", False)
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", False)
    return app


def test_a_failure_anywhere_tells_nothing_of_the_inside(broken_app, log_in):
    browser = log_in(Role.OWNER)

    failed = 0
    for rule, address in addresses(broken_app):
        for method in rule.methods - {"HEAD", "OPTIONS"}:
            answer = browser.open(address, method=method, buffered=True)
            failed += answer.status_code == 500
            text = answer.get_data(as_text=True)
            for secret in (CANARY, str(ROOT), "Traceback", "RuntimeError", "sqlalchemy"):
                assert secret not in text, f"{method} {rule.rule}"
            assert_guarded(answer, rule)

    assert failed > 60  # most of them got as far as their view


def test_a_failure_has_a_number_that_stands_in_the_log_too(broken_app, log_in, caplog):
    page = log_in(Role.OWNER).get("/conversations/", headers={"Accept": "text/html"}).text

    number = re.search(r"<code>([0-9a-f]{8})</code>", page)[1]
    assert f"Error {number}: GET panel.show_list failed" in caplog.text


@pytest.fixture
def busy_after(app, monkeypatch):
    """Call it: from then on somebody else writes, and does not end."""
    monkeypatch.setattr("pilito.database.LOCK_WAIT_SECONDS", 0.05)
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", False)
    with closing(sqlite3.connect(db.engine.url.database, isolation_level=None)) as other:
        yield lambda: other.execute("BEGIN IMMEDIATE")


def test_a_locked_database_is_a_sentence_and_not_a_failure(app, log_in, busy_after):
    browser = log_in(Role.AGENT)
    busy_after()

    page = browser.post("/settings/theme", data={"theme": "dark"}, headers={"Accept": "text/html"})
    deed = browser.post("/conversations/1/close", headers={"X-Fragment": "1"})
    look = browser.get("/conversations/")

    rule = next(rule for rule in app.url_map.iter_rules() if rule.endpoint == "panel.show_list")
    assert (page.status_code, page.headers["Retry-After"]) == (503, "5")
    assert_guarded(page, rule)
    assert_guarded(deed, rule)
    assert "The database is busy" in page.text
    assert (deed.status_code, deed.json["reason"]) == (503, "database_busy")
    assert look.status_code == 200  # who only reads waits for nobody


def test_a_reply_that_a_locked_database_did_not_take_is_never_called_taken(app, client, log_in, busy_after):
    browser, now = log_in(Role.AGENT), utc_now()
    with transaction():
        there = add_conversation(last_message_at=now, last_customer_message_at=now).id
    token = issue_token("program", now)
    busy_after()

    typed = {"text": "yes", "client_id": "one"}
    of_a_person = browser.post(f"/conversations/{there}/replies", data=typed, headers={"X-Fragment": "1"})
    by_program = client.post(
        f"/api/v1/conversations/{there}/replies", json=typed, headers={"Authorization": f"Bearer {token}"}
    )

    assert (of_a_person.status_code, by_program.status_code) == (503, 503)
    assert db.session.scalars(select(Message)).all() == []


def test_so_it_is_at_the_log_in(app, busy_after):
    browser = FreshClient(app)
    busy_after()

    answer = browser.post(
        "/login", data={"email": "nobody@shop.test", "password": "x"}, headers={"Accept": "text/html"}
    )

    assert answer.status_code == 503


def test_a_database_that_is_away_is_told_too_and_nothing_of_its_inside(app, log_in, monkeypatch):
    browser = log_in(Role.AGENT)

    def fail(*_args, **_options):
        raise OperationalError("SELECT secret", {}, Exception(CANARY))

    monkeypatch.setattr(db.session, "scalar", fail)
    monkeypatch.setattr(db.session, "scalars", fail)
    answer = browser.get("/conversations/", headers={"Accept": "text/html"})

    assert answer.status_code == 503
    assert "in a few seconds" in answer.text
    assert CANARY not in answer.text


def test_two_who_do_the_same_at_once_are_told_so(strict_app, log_in, monkeypatch):
    def lose(*_args):
        raise IntegrityError("INSERT", {}, Exception(CANARY))

    with transaction():
        db.session.add(Label(name="x", colour=LabelColour.GREY, created_at=NOON))
    monkeypatch.setattr("pilito.conversations.labels._find_same", lose)
    browser = log_in(Role.OWNER)
    page = browser.post("/settings/labels", data={"name": "فوری"})
    deed = browser.post("/settings/labels", data={"name": "فوری"}, headers={"X-Fragment": "1"})

    assert page.status_code == 409
    assert "Somebody else" in page.text
    assert CANARY not in page.text
    assert deed.json["reason"] == "moved_on"


HUGE = "9" * 30


@pytest.fixture
def strict_app(app, monkeypatch):
    """What breaks is an error here, not a page."""
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", False)
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    monkeypatch.setitem(app.config, "TESTING", False)
    return app


def test_a_number_that_is_no_id_names_nothing_and_breaks_nothing(strict_app, log_in):
    browser = log_in(Role.OWNER)

    broken = [
        f"{method} {rule.rule}"
        for rule in strict_app.url_map.iter_rules()
        if "int" in rule.rule and not rule.endpoint.startswith(("demo.", "rq_dashboard."))
        for method in rule.methods - {"HEAD", "OPTIONS"}
        if browser.open(re.sub(r"<[^>]+>", HUGE, rule.rule), method=method, buffered=True).status_code >= 500
    ]

    assert broken == []


NUMBERS = (
    "inbox",
    "post",
    "page",
    "from",
    "person",
    "before",
    "with",
    "after_seq",
    "limit",
    "around",
    "note",
    "since",
    "place",
)


@pytest.mark.parametrize("number", [HUGE, f"-{HUGE}", str(2**63)])
def test_nor_does_such_a_number_behind_a_question_mark(strict_app, log_in, number):
    with transaction():
        conversation = add_conversation()
    browser, query = log_in(Role.OWNER), "&".join(f"{name}={number}" for name in NUMBERS)

    broken = [
        rule.rule
        for rule in strict_app.url_map.iter_rules()
        if "GET" in rule.methods and rule.endpoint.startswith("panel.")
        for address in [re.sub(r"<[^>]+>", str(conversation.id), rule.rule)]
        if browser.get(f"{address}?{query}&row={number}:1.1.1&ids={number}", buffered=True).status_code >= 500
    ]

    assert broken == []


def test_nor_does_such_a_number_in_a_form(strict_app, log_in):
    with transaction():
        conversation = add_conversation()
    browser = log_in(Role.OWNER)
    names = ("inbox", "draft", "seen", "attachment", "card_picture", "conversation", "into", "every", "own_post",
             "undo", "row", "label", "to", "mentions", "post", "limit")  # fmt: skip
    form = dict.fromkeys(names, HUGE) | {"text": "سلام", "client_id": "a", "name": "x", "shortcut": "x", "do": "label"}

    broken = [
        rule.rule
        for rule in strict_app.url_map.iter_rules()
        if "POST" in rule.methods and rule.endpoint.startswith("panel.")
        for address in [re.sub(r"<[^>]+>", str(conversation.id), rule.rule)]
        if browser.post(address, data=form).status_code >= 500
    ]

    assert broken == []


@pytest.mark.parametrize(
    "quotes", ['[[Infinity, "1"]]', '[[NaN, "1"]]', f'[[{HUGE}, "1"]]', "{}", "7", "null", "[[1]]"]
)
def test_prices_that_are_none_break_no_reply(strict_app, log_in, quotes):
    with transaction():
        conversation = add_conversation()

    form = {"text": "1", "client_id": "a", "quotes": quotes}
    answer = log_in().post(f"/conversations/{conversation.id}/replies", data=form)

    assert answer.status_code < 500


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01", "10000-01-01", "x"])
def test_no_day_is_too_far_for_the_audit_log(strict_app, log_in, day):
    answer = log_in(Role.OWNER).get(f"/settings/audit?since={day}&until={day}")

    assert answer.status_code == 200


def test_a_database_that_is_away_is_a_page_in_both_languages(app, log_in, monkeypatch):
    def fail(*_args, **_options):
        raise OperationalError("SELECT 1", {}, Exception("password=hunter2"))

    browser = log_in(Role.VIEWER)
    db.session.remove()
    for name in ("execute", "scalar", "get"):
        monkeypatch.setattr(Session, name, fail)

    page = browser.get("/conversations/")
    part = browser.get("/conversations/", headers={FRAGMENT_HEADER: "1"})

    assert (page.status_code, page.mimetype, page.headers["Retry-After"]) == (503, "text/html", "5")
    assert "پایگاه داده پاسخ نمی‌دهد" in page.text
    assert "The database does not answer" in page.text
    assert "hunter2" not in page.text
    assert_guarded(page, next(rule for rule in app.url_map.iter_rules() if rule.endpoint == "panel.show_list"))
    assert (part.status_code, part.mimetype) == (503, "text/plain")
