"""The first start: nobody may log in, one link makes the owner, and a list says what comes next."""

import re
import threading

import pytest
from rows import NOON, FreshClient, add, add_facts, add_inbox, add_operator

from pilito import create_app
from pilito.database import transaction
from pilito.errors import Refused
from pilito.lifecycle import AssistantMode, Role
from pilito.models import ModelUse, Operator, db
from pilito.people import first_steps, set_up

PASSWORD = "a long enough password"


def link():
    return f"/set-up/{set_up.set_up_token()}"


def fill_in(browser, path, **fields):
    token = re.search(r'name="csrf_token" value="([^"]+)"', browser.get(path).text)[1]
    return browser.post(path, data={"csrf_token": token, **fields})


def become_owner(app, **fields):
    browser = FreshClient(app)
    return browser, fill_in(browser, link(), email="owner@shop.test", name="Niloofar", password=PASSWORD, **fields)


@pytest.mark.sqlite_only
def test_whoever_has_the_link_becomes_the_owner_and_is_in(app):
    browser, answer = become_owner(app)

    assert answer.location == "/first-steps"
    assert browser.get("/first-steps").status_code == 200
    owner = db.session.scalars(db.select(Operator)).one()
    assert (owner.email, owner.name, owner.role) == ("owner@shop.test", "Niloofar", Role.OWNER)


@pytest.mark.sqlite_only
def test_the_link_works_once(app):
    become_owner(app)

    over = FreshClient(app).get(link())
    assert over.status_code == 410
    assert 'href="/login"' in over.text
    assert FreshClient(app).get("/set-up").location == "/login"


def test_nobody_guesses_it(app):
    right = set_up.set_up_token()

    for wrong in ("x", right[:-1], right.upper(), right + "a"):
        assert FreshClient(app).get(f"/set-up/{wrong}").status_code == 410
    with pytest.raises(Refused, match="not the link"):
        set_up.create_owner("x", "evil@shop.test", "Evil", PASSWORD, "en", NOON)


def test_the_page_without_it_says_where_it_stands_and_not_what_it_is(app):
    page = FreshClient(app).get("/set-up").text

    assert "flask set-up-link" in page
    assert set_up.set_up_token() not in page


def test_a_weak_password_keeps_what_was_typed(app):
    browser = FreshClient(app)

    answer = fill_in(browser, link(), email="owner@shop.test", name="Niloofar", password="password1234")

    assert answer.status_code == 400
    assert "owner@shop.test" in answer.text
    assert set_up.has_nobody()


@pytest.mark.sqlite_only
def test_when_many_log_in_the_link_opens_still_and_no_try_is_counted(app, crowd):
    for _ in range(9):
        answer = become_owner(app)[1]
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "owner@shop.test" in answer.text
    crowd()

    assert become_owner(app)[1].location == "/first-steps"


def test_two_at_once_make_one_owner(app):
    token, barrier, refused = set_up.set_up_token(), threading.Barrier(2), []

    def create(number):
        with app.app_context():
            barrier.wait()
            try:
                set_up.create_owner(token, f"owner{number}@shop.test", "", PASSWORD, "en", NOON)
            except Refused as refusal:
                refused.append(refusal.reason)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=create, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    db.session.rollback()
    assert db.session.scalar(db.select(db.func.count()).select_from(Operator)) == 1
    assert refused == ["link_over"]


@pytest.mark.sqlite_only
def test_in_production_the_log_in_leads_there_as_long_as_nobody_may(app, make_settings, monkeypatch):
    strong = {"pilito_env": "production", "public_url": "https://inbox.example.com"}
    production = create_app(make_settings(secret_key="s" * 40, instagram_verify_token="v" * 40, **strong))
    monkeypatch.setitem(app.extensions, "pilito_settings", production.extensions["pilito_settings"])

    assert FreshClient(app).get("/").location.startswith("/login")
    assert FreshClient(app).get("/login").location == "/set-up"
    become_owner(app)
    assert FreshClient(app).get("/login").status_code == 200


# --- what comes next -------------------------------------------------------------------------------------------------


def steps():
    db.session.rollback()
    return first_steps.read_steps()


def test_each_step_is_ticked_by_what_is_there(app):
    with transaction():
        add_operator(Role.OWNER)
    assert steps() == first_steps.Steps(False, False, False, False, False)

    with transaction():
        inbox = add_inbox(assistant_mode=AssistantMode.OFF)
    assert steps() == first_steps.Steps(True, False, False, False, False)

    with transaction():
        add_facts(inbox.id)
        add(ModelUse(at=NOON, model="demo", tokens=1))
    assert steps() == first_steps.Steps(True, True, True, False, False)

    with transaction():
        db.session.merge(inbox).assistant_mode = AssistantMode.DRAFT
        add_operator(Role.AGENT)
    assert steps().done == 5


def test_a_line_on_the_start_page_leads_there_until_it_is_put_away(log_in):
    owner = log_in(Role.OWNER)
    assert 'href="/first-steps"' in owner.get("/conversations/").text

    token = re.search(r'name="csrf-token" content="([^"]+)"', owner.get("/first-steps").text)[1]
    owner.post("/first-steps/hide", data={"csrf_token": token})

    assert "First steps:" not in owner.get("/conversations/").text
    assert owner.get("/first-steps").status_code == 200


def test_agents_are_not_asked_to_do_what_they_may_not(log_in):
    agent = log_in(Role.AGENT)

    assert "First steps:" not in agent.get("/conversations/").text
    assert agent.get("/first-steps").status_code == 403


@pytest.mark.parametrize(("role", "is_led"), [(Role.ADMIN, True), (Role.AGENT, False)])
def test_without_an_account_the_empty_list_leads_to_where_one_is_connected(log_in, role, is_led):
    client = log_in(role)

    before = client.get("/conversations/").text
    with transaction():
        add_inbox()
    after = client.get("/conversations/").text

    assert (
        ("No account is connected yet" in before) == ('class="button is-primary" href="/inboxes"' in before) == is_led
    )
    assert "No account is connected yet" not in after
    assert "No conversations yet" in after


@pytest.mark.sqlite_only
@pytest.mark.parametrize("language", ["en", "fa"])
def test_the_demos_phone_speaks_the_language_of_whoever_opens_it(app, log_in, monkeypatch, language):
    monkeypatch.setitem(app.config, "PILITO_DEMO", True)

    page = log_in(language=language).get("/conversations/").text

    assert f'href="/demo?lang={language}"' in page
