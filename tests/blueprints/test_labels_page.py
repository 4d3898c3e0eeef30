"""The page of labels: for admins alone."""

import re

import pytest
from rows import add_conversation

from pilito.clock import utc_now
from pilito.conversations.label import put_label
from pilito.conversations.labels import make_label
from pilito.database import transaction
from pilito.lifecycle import LabelColour, Role
from pilito.models import ConversationLabel, Label, db


@pytest.fixture
def admin(log_in):
    return log_in(Role.ADMIN)


def post(browser, path, **fields):
    token = re.search(r'name="csrf-token" content="([^"]+)"', browser.get("/conversations/").text)[1]
    answer = browser.post(path, data={"csrf_token": token, **fields})
    return answer.text if answer.status_code == 422 else browser.get("/settings/labels").text


def names():
    db.session.rollback()
    return sorted(db.session.scalars(db.select(Label.name)))


def test_a_label_is_made_renamed_and_recoloured(admin):
    post(admin, "/settings/labels", name="عمده", colour="pink")
    label = db.session.scalar(db.select(Label))
    page = post(admin, f"/settings/labels/{label.id}", name="Wholesale", colour="green")

    db.session.rollback()
    label = db.session.get_one(Label, label.id, populate_existing=True)
    assert (label.name, label.colour) == ("Wholesale", LabelColour.GREEN)
    assert "Saved." in page


def test_it_says_how_many_conversations_carry_it_and_comes_off_them(admin):
    with transaction():
        row = add_conversation().id
    label_id = make_label("x", None, None, utc_now())
    put_label(row, label_id, None, utc_now())
    assert "1 conversation<" in admin.get("/settings/labels").text

    page = post(admin, f"/settings/labels/{label_id}/delete")

    assert "The label is deleted." in page
    assert "There is no label yet" in page
    assert db.session.scalar(db.select(db.func.count(ConversationLabel.id))) == 0


def test_two_labels_become_one(admin):
    one, two = (make_label(name, None, None, utc_now()) for name in ("one", "two"))

    post(admin, f"/settings/labels/{one}/merge", into=two)

    assert names() == ["two"]


@pytest.mark.sqlite_only
def test_all_labels_stand_only_where_one_is_merged(admin):
    """Of two hundred, each with all others to choose from, the page had ten megabytes."""
    ids = [make_label(f"label {number}", None, None, utc_now()) for number in range(40)]

    plain = admin.get("/settings/labels").text
    link = re.search(rf'href="(/settings/labels\?merge={ids[3]}#l{ids[3]})"', plain)[1]
    asked = admin.get(link).text

    assert "<option" not in plain
    assert asked.count("<select") == 1
    assert {int(number) for number in re.findall(r'<option value="(\d+)"', asked)} == {*ids} - {ids[3]}
    assert f'action="/settings/labels/{ids[3]}/merge"' in asked
    assert re.search(rf'id="l{ids[3]}".*?<details open>', asked, re.DOTALL)
    assert "<option" not in admin.get("/settings/labels?merge=99999999999999999999").text


def test_a_single_label_is_merged_with_nothing(admin):
    number = make_label("one", None, None, utc_now())

    page = admin.get(f"/settings/labels?merge={number}").text

    assert "<select" not in page
    assert "Merge into" not in page


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("path", "fields", "words"),
    [
        ("", {"name": ""}, "A label needs a name"),
        ("/1", {"name": "two", "colour": "red"}, "There is a label of this name already"),
        ("/1/merge", {"into": "x"}, "This label is not there any more"),
        ("/1/merge", {"into": "1"}, "cannot be merged with itself"),
        ("/99/delete", {}, "This label is not there any more"),
    ],
)
def test_what_cannot_be_done_is_said(admin, path, fields, words):
    for name in ("one", "two"):
        make_label(name, None, None, utc_now())

    assert words in post(admin, f"/settings/labels{path}", **fields)
    assert names() == ["one", "two"]


@pytest.mark.sqlite_only
@pytest.mark.parametrize(("path", "count"), [("", 1), ("/1", 2)])
def test_a_name_that_was_refused_is_not_typed_again(admin, path, count):
    for name in ("one", "two"):
        make_label(name, None, None, utc_now())

    page = post(admin, f"/settings/labels{path}", name=" " if not path else "two", colour="pink")

    typed = re.findall(r'name="name" value="([^"]*)"', page)
    assert typed == ([" ", "one", "two"] if not path else ["", "two", "two"])
    assert page.count('value="pink" checked') == 1
    assert page.count("<details open>") == count - 1


@pytest.mark.sqlite_only
@pytest.mark.parametrize("path", ["", "/1", "/1/delete", "/1/merge"])
def test_agents_make_labels_at_work_and_have_no_business_here(log_in, path):
    agent = log_in()
    token = re.search(r'name="csrf-token" content="([^"]+)"', agent.get("/conversations/").text)[1]

    assert agent.get("/settings/labels").status_code == 403
    assert agent.post(f"/settings/labels{path}", data={"csrf_token": token, "name": "x"}).status_code == 403
    assert names() == []
