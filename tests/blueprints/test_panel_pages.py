"""The list of pages and the list of commands: who finds what, and that nothing in them leads nowhere."""

import re

import pytest
from flask import url_for

from pilito.blueprints.panel.commands import COMMANDS
from pilito.blueprints.panel.pages import PAGES
from pilito.config import ROOT
from pilito.lifecycle import ROLE_RANK, Role

# The tests of the dashboard itself look at every route of /rq.
ELSEWHERE = {"jobs"}
SCRIPTS = ROOT / "pilito" / "static" / "panel"


def address_of(app, page):
    with app.test_request_context():
        return url_for(page.endpoint)


@pytest.mark.sqlite_only
@pytest.mark.parametrize("role", list(Role))
def test_a_person_finds_in_the_settings_what_they_may_open_and_nothing_else(app, log_in, role):
    browser = log_in(role)

    settings = browser.get("/settings").get_data(as_text=True)

    for page in PAGES:
        may = ROLE_RANK[role] >= ROLE_RANK[page.role]
        assert (f'href="{address_of(app, page)}"' in settings) is may, page.name
        if page.name not in ELSEWHERE:
            assert browser.get(address_of(app, page)).status_code == (200 if may else 403), page.name


@pytest.mark.sqlite_only
def test_each_page_says_where_one_is(app, log_in):
    browser = log_in(Role.OWNER)

    for page in PAGES:
        if page.name in ELSEWHERE | {"conversations"}:
            continue
        html = browser.get(address_of(app, page)).get_data(as_text=True)
        assert re.search(rf'<a href="{re.escape(address_of(app, page))}" aria-current="page">', html), page.name


def test_no_two_commands_have_one_name_or_one_key():
    names = [command.name for command in COMMANDS]
    keys = [command.keys for command in COMMANDS if command.keys]

    assert len(set(names)) == len(names)
    assert len(set(keys)) == len(keys)


def test_every_command_does_something():
    bound = set(re.findall(r'bind(?:Button)?\(\s*"(\w+)"', "".join(path.read_text() for path in SCRIPTS.glob("*.js"))))

    assert {command.name for command in COMMANDS} == bound


def test_every_form_that_deletes_asks_first_and_every_page_can_ask():
    """The pages of labels asked nothing: they had the question, and not the script that puts it."""
    forms = [
        form
        for page in (ROOT / "pilito" / "templates").rglob("*.html")
        for form in re.findall(r"<form[^>]*url_for\('panel\.(?:delete|remove)_[^>]*>", page.read_text())
    ]

    assert len(forms) >= 5
    assert [form for form in forms if "data-sure" not in form] == []
    for script in ("room.js", "main.js"):
        assert 'import "./sure.js"' in (SCRIPTS / script).read_text()
