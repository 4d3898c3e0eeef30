"""The page of the audit log, its CSV, and the tokens of the API."""

import ast
import csv
import io
import re
from contextvars import Context
from dataclasses import fields
from datetime import timedelta
from itertools import islice
from pathlib import Path

import pytest
from flask import has_app_context
from flask.testing import FlaskClient
from rows import NOON, add_inbox, add_operator, add_product, add_source, record_statements

from pilito.blueprints.panel import audit_words
from pilito.channels.base import Referral
from pilito.database import transaction
from pilito.lifecycle import Role
from pilito.models import ApiToken, Audit, db
from pilito.queries import audit as queries
from pilito.queries.audit import PAGE
from pilito.tokens import find_by_bearer

HOUSE = Path(__file__).parents[2] / "pilito"


@pytest.fixture
def admin(log_in):
    return log_in(Role.ADMIN)


def log(action, **values):
    with transaction():
        db.session.add(Audit(**{"at": NOON, "action": action} | values))


def post(browser, path, **fields):
    token = re.search(r'name="csrf-token" content="([^"]+)"', browser.get("/settings").text)[1]
    return browser.post(path, data={"csrf_token": token, **fields})


def shown(browser, query=""):
    page = browser.get(f"/settings/audit{query}").text
    return re.findall(r'<p class="what"><strong><bdi>(.*?)</bdi></strong> · (.*?)</p>', page)


def test_it_says_who_did_what(admin):
    with transaction():
        sara = add_operator(Role.AGENT, name="Sara").id
    log("operator_deactivated", operator_id=sara, details={"whom": sara}, address="203.0.113.7")

    page = admin.get("/settings/audit").text

    assert shown(admin) == [("Sara", "deactivated somebody")]
    assert "203.0.113.7" in page


def test_what_is_kept_for_taking_a_deed_back_is_not_shown(admin):
    log("snoozed", details={"before": {"state": "operator"}, "epoch": 3, "until": "2026-11-24T09:00:00+00:00"})

    page = admin.get("/settings/audit").text

    assert '<p class="about"><bdi>until: Tuesday, 24 Nov 2026, 09:00</bdi></p>' in page


def test_a_reason_and_a_mode_are_told_in_words(admin):
    log("handed_over", details={"reason": "not_known", "detail": ""})
    log("mode_chosen", details={"mode": "draft"})
    log("stopped", details={"reason": "a holiday"})
    log("handed_over", details={"reason": "reply_unusable", "detail": "contact, words"})
    log("handed_over", details={"reason": "reply_unusable", "detail": "contact: 0912"})  # as older versions wrote it

    page = admin.get("/settings/audit").text

    assert re.findall(r'<p class="about"><bdi>(.*?)</bdi></p>', page) == [
        "Reply held back · contact: 0912",
        "Reply held back · No fact has this phone number, address or account. No fact says this.",
        "reason: a holiday",
        "Drafts",
        "Answer not known",
    ]


def test_a_long_value_ends_with_a_sign_that_it_goes_on(admin):
    log("text_saved", details={"title": "x" * 160})
    log("text_saved", details={"title": "x" * 161})

    page = admin.get("/settings/audit").text

    told = re.findall(r'<p class="about"><bdi>(.*?)</bdi></p>', page)
    assert told == ["x" * 159 + "…", "x" * 160]


def test_names_are_told_and_not_ids_nor_words_of_the_code(admin):
    with transaction():
        sara = add_operator(Role.AGENT, name="Sara").id
        inbox = add_inbox(name="Gallery")
        product = add_product(add_source(inbox.id), name="A dress")
        values = {"own_post_id": 5, "product_id": product.id, "state": "confirmed"}
    for action, details in (
        ("labelled", {"label": 1, "name": "vip"}),
        ("undone", {"undone": "closed"}),
        ("note_written", {"note_id": 7}),
        ("assigned", {"before": {}, "to": sara}),
        ("assistant_rules", {"inbox_id": inbox.id, "changed": ["hours", "budget"], "mode": "auto"}),
        ("post_product", values),
        ("product_saved", {"product_id": product.id, "name": "A dress"}),
        ("second_step_required", {"required": True}),
        ("settled_send", {"delivery_id": 3, "how": "given_up"}),
        ("operator_deactivated", {"whom": 999_999}),
        ("gave_back", {"mistaken_echo": True}),
        ("label_changed", {"label": 1, "before": "vip", "name": "gold", "colour": "red"}),
        ("label_merged", {"label": 1, "name": "vip", "into": "gold"}),
        ("catalogue_imported", {"source_id": 1, "file": "shop.csv", "added": 2, "changed": 0, "gone": 3}),
        ("referred", {"source": "ADS", "ad_id": "7", "ad_title": "Spring", "picture_url": "https://x.test/a.png"}),
    ):
        log(action, details=details)

    page = admin.get("/settings/audit").text

    assert re.findall(r'<p class="about"><bdi>(.*?)</bdi></p>', page)[::-1] == [
        "vip",
        "closed a conversation",
        "to: Sara",
        "Gallery · By itself",
        "A dress · confirmed",
        "A dress",
        "needed: yes",
        "outcome: given up",
        "#999999",
        "what seemed to come from the phone was its own reply",
        "gold · Red",
        "vip · taken up into: gold",
        "shop.csv · new: 2 · changed: 0 · put aside: 3",
        "Spring",
    ]


def test_every_key_of_details_is_told_in_words_or_not_at_all():
    taking = re.compile(r"def (\w+)\([^()]*\*\*details\b")
    texts = [path.read_text() for path in HOUSE.rglob("*.py") if "demo" not in path.parts]
    public = {name for text in texts for name in taking.findall(text) if not name.startswith("_")}
    written = {one.name for one in fields(Referral)}  # pilito/conversations/notice.py keeps it as it is
    for text in texts:
        if "details" in text or any(f"{name}(" in text for name in public):
            written |= keys_in(ast.parse(text), public | set(taking.findall(text)))

    known = set(audit_words.KEYS) | audit_words.ALONE | audit_words.UNTOLD
    assert written >= {"label", "mistaken_echo", "gone", "into", "undone"}  # a dict, a keyword, a union, a name
    assert written <= known, written - known


def keys_in(tree, takers):
    """The keys of all dicts that are called `details` or are given as such, and the keywords that become such a dict."""
    nodes = list(ast.walk(tree))
    given = [node.value for node in nodes if isinstance(node, ast.keyword) and node.arg == "details"]
    names = {"details"} | {value.id for value in given if isinstance(value, ast.Name)}
    for node in nodes:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id in names:
            given.append(node.value)
        elif isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) in takers:
            given += [ast.Dict([ast.Constant(one.arg)], [one.value]) for one in node.keywords if one.arg]
    dicts = [one for value in given for one in (value, *ast.iter_child_nodes(value)) if isinstance(one, ast.Dict)]
    return {key.value for one in dicts for key in one.keys if isinstance(key, ast.Constant)}


def test_it_is_filtered_by_person_deed_and_day(admin):
    with transaction():
        sara = add_operator(Role.AGENT, name="Sara").id
    log("logged_in", operator_id=sara)
    log("closed", operator_id=sara)
    log("closed", at=NOON + timedelta(days=1))

    assert shown(admin, f"?person={sara}&action=closed") == [("Sara", "closed a conversation")]
    assert len(shown(admin, "?until=2026-11-22")) == 2
    assert len(shown(admin, "?since=2026-11-23")) == 1
    assert len(shown(admin, "?since=nonsense&person=x&before=y")) == 3


def test_a_long_log_is_read_page_by_page_and_nothing_twice(admin):
    with transaction():
        db.session.add_all([Audit(at=NOON, action=f"deed_{number:03}") for number in range(PAGE + 5)])

    first = admin.get("/settings/audit").text
    second = admin.get(re.search(r'rel="next" href="([^"]+)"', first)[1]).text

    deeds = [re.findall(r"· (deed \d{3})</p>", page) for page in (first, second)]
    assert [len(found) for found in deeds] == [PAGE, 5]
    assert len(set(deeds[0] + deeds[1])) == PAGE + 5
    assert 'rel="next"' not in second


@pytest.mark.parametrize("name", ["endpoint", "self", "_method", "_scheme", "_external", "_anchor"])
def test_a_name_in_the_address_that_the_page_does_not_know_counts_for_nothing(admin, name):
    with transaction():
        db.session.add_all([Audit(at=NOON, action="closed") for _ in range(PAGE + 1)])

    answer = admin.get(f"/settings/audit?action=closed&{name}=http")

    links = re.findall(r'href="(/settings/audit[^"]*|http[^"]*)"', answer.text)
    assert answer.status_code == 200
    assert "/settings/audit.csv?action=closed" in links
    assert not [link for link in links if link.startswith("http") or name in link]


@pytest.mark.parametrize("role", [Role.AGENT, Role.VIEWER])
def test_it_is_for_admins(log_in, role):
    browser = log_in(role)

    for path in ("/settings/audit", "/settings/audit.csv", "/settings/tokens"):
        assert browser.get(path).status_code == 403


def test_the_csv_holds_all_of_it_and_no_formula(admin):
    with transaction():
        db.session.add_all([Audit(at=NOON, action="closed") for _ in range(PAGE * 2)])
        name = '=HYPERLINK("https://evil.test")'
        evil = add_operator(Role.AGENT, name=name).id
        db.session.add(Audit(at=NOON, action="logged_in", operator_id=evil))

    answer = admin.get("/settings/audit.csv", buffered=True)

    rows = list(csv.DictReader(io.StringIO(answer.get_data().decode("utf-8-sig"))))
    assert answer.mimetype == "text/csv"
    assert len(rows) == PAGE * 2 + 1
    assert rows[0]["person"] == f"'{name}"


def test_a_line_break_or_markup_in_details_stays_where_it_is(admin):
    log("operator_invited", details={"email": '<script>alert(1)</script>\n2026 · owner · "closed"\x1b[31m'})

    page = admin.get("/settings/audit").text
    rows = list(
        csv.DictReader(io.StringIO(admin.get("/settings/audit.csv", buffered=True).get_data().decode("utf-8-sig")))
    )

    assert "<script>alert" not in page
    assert len(rows) == 1
    assert not {"\n", "\x1b"} & set(rows[0]["details"])


def test_every_deed_in_the_code_has_its_words():
    literal = re.compile(r'action="([a-z_]+)"|_note\(\s*"([a-z_]+)"|_audit\(\s*"([a-z_]+)"')
    found = set()
    for room in ("conversations", "knowledge", "people", "blueprints"):
        for path in (HOUSE / room).rglob("*.py"):
            if "Audit" in (text := path.read_text()):
                found |= {one for groups in literal.findall(text) for one in groups if one}

    assert len(found) > 40
    assert found <= set(audit_words.ACTIONS), found - set(audit_words.ACTIONS)


@pytest.mark.parametrize("takes", [1, 3, 2000], ids=["leaves at once", "leaves in the middle", "takes it all"])
def test_whoever_takes_the_csv_holds_no_line_to_the_database_meanwhile_nor_after_leaving(admin, monkeypatch, takes):
    """As a server does with one who goes away: what it was given to send is closed, wherever it stood."""
    monkeypatch.setattr(queries, "CSV_BATCH", 4)
    for number in range(10):
        log("label_made", details={"name": str(number)})
    pool, asked, seen = db.engine.pool, record_statements(), []
    db.session.rollback()

    def download():
        answer = FlaskClient.open(admin, "/settings/audit.csv")  # in this context, unlike a FreshClient
        for line in islice(answer.response, takes):
            seen.append((line, pool.checkedout()))
        answer.close()
        return has_app_context()

    is_left_open = Context().run(download)

    assert {held for _line, held in seen} == {0}
    assert len(seen) == min(takes, 11)  # with the names of the columns
    assert (pool.checkedout(), is_left_open) == (0, False)
    assert len([one for one in asked if "FROM audit" in one]) <= 3  # one for each piece, none for each row


# --- tokens ----------------------------------------------------------------------------------------------------------


def made_token(browser, name="Our accounting"):
    post(browser, "/settings/tokens", name=name)
    found = re.search(r'id="made-token">(pilito_[\w-]+)<', browser.get("/settings/tokens").text)
    return found and found[1]


def test_a_token_is_made_shown_once_and_works(admin):
    token = made_token(admin)

    assert find_by_bearer(token, NOON).name == "Our accounting"
    assert token not in admin.get("/settings/tokens").text


def test_a_revoked_token_opens_nothing(admin):
    token = made_token(admin)
    row = db.session.scalars(db.select(ApiToken)).one()

    post(admin, f"/settings/tokens/{row.id}/revoke")

    db.session.rollback()
    assert find_by_bearer(token, NOON) is None
    assert "Revoked" in admin.get("/settings/tokens").text


def test_a_token_without_a_name_is_refused(admin):
    assert made_token(admin, "   ") is None
    assert made_token(admin, "x" * 101) is None


def test_both_are_on_the_audit_log(admin):
    made_token(admin)
    post(admin, f"/settings/tokens/{db.session.scalars(db.select(ApiToken.id)).one()}/revoke")

    assert [what for _who, what in shown(admin)] == ["revoked an API token", "made an API token"]
