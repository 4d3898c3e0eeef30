"""The page of the team, and the doors that its links open."""

import json
import re
from html import unescape

import pytest
from rows import NOON, FreshClient, add_operator, record_statements
from sqlalchemy.exc import OperationalError

from pilito.blueprints.panel import team as pages
from pilito.database import transaction
from pilito.extensions import socketio, vault
from pilito.lifecycle import Role
from pilito.models import Audit, EntryLink, Mail, Operator, OperatorSession, db
from pilito.people import links, second_step, team
from pilito.tokens import issue_token

EMAIL = "reza@shop.test"
PASSWORD = "a long enough password"


@pytest.fixture
def owner(log_in):
    return log_in(Role.OWNER)


def post(browser, path, **fields):
    token = re.search(r'name="csrf-token" content="([^"]+)"', browser.get("/settings").text)[1]
    return browser.post(path, data={"csrf_token": token, **fields})


def invite(browser, email=EMAIL, role="agent"):
    """Invite somebody and return the path of the link that the page shows."""
    post(browser, "/team/invitations", email=email, role=role)
    return link_on(browser.get("/team").text)


def link_on(page):
    found = re.search(r'id="made-link">https?://[^/]+(/[^<]+)<', page)
    return unescape(found[1]) if found else None


def fill_in(browser, path, **fields):
    page = browser.get(path)
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)[1]
    return browser.post(path, data={"csrf_token": token, **fields})


def operator(email=EMAIL):
    db.session.rollback()
    return db.session.scalar(db.select(Operator).filter_by(email=email))


def test_an_invited_person_comes_in_by_the_link(app, owner):
    path = invite(owner)
    stranger = FreshClient(app)

    answer = fill_in(stranger, path, name="رضا", password=PASSWORD, language="fa")

    assert answer.location == "/conversations/"
    assert stranger.get("/conversations/").status_code == 200
    assert (operator().name, operator().role, operator().language) == ("رضا", Role.AGENT, "fa")


def test_the_link_is_shown_once(owner):
    invite(owner)

    assert link_on(owner.get("/team").text) is None


def test_the_page_of_a_used_link_says_so(app, owner):
    path = invite(owner)
    fill_in(FreshClient(app), path, name="Reza", password=PASSWORD)

    answer = FreshClient(app).get(path)

    assert answer.status_code == 410
    assert "This link has ended" in answer.text


def test_a_weak_password_keeps_the_page_and_what_was_typed(app, owner):
    path = invite(owner)

    answer = fill_in(FreshClient(app), path, name="Reza Karimi", password="password1234")

    assert answer.status_code == 400
    assert "among the first passwords" in answer.text
    assert "Reza Karimi" in answer.text
    assert operator() is None


def test_the_address_of_a_link_is_told_to_nobody(app, owner):
    headers = FreshClient(app).get(invite(owner)).headers

    assert headers["Referrer-Policy"] == "strict-origin"
    assert headers["Cache-Control"] == "no-store"


def test_when_many_log_in_a_link_is_not_used_up(app, owner, crowd):
    path, stranger = invite(owner), FreshClient(app)

    answer = fill_in(stranger, path, name="رضا", password=PASSWORD, language="fa")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert operator() is None
    crowd()

    assert fill_in(stranger, path, name="رضا", password=PASSWORD, language="fa").location == "/conversations/"


@pytest.mark.parametrize("path", ["/join/nothing", "/new-password/nothing", "/join/" + "x" * 2000])
def test_a_guessed_link_opens_nothing(app, path):
    assert FreshClient(app).get(path).status_code == 410


@pytest.mark.parametrize("role", [Role.AGENT, Role.VIEWER])
def test_agents_and_viewers_see_no_team(log_in, role):
    browser = log_in(role)

    assert browser.get("/team").status_code == 403
    assert post(browser, "/team/invitations", email=EMAIL, role="viewer").status_code == 403
    assert db.session.scalar(db.select(EntryLink)) is None


def test_an_admin_is_offered_agents_and_viewers_only(log_in):
    page = log_in(Role.ADMIN).get("/team").text

    assert 'value="agent"' in page
    assert 'value="owner"' not in page
    assert "Second step for admins" not in page


def test_an_admin_who_asks_for_more_is_told_why_not(log_in):
    admin = log_in(Role.ADMIN)

    page = post(admin, "/team/invitations", email=EMAIL, role="owner")

    assert page.status_code == 422
    assert "Your role may look" in page.text
    assert f'name="email" value="{EMAIL}"' in page.text
    assert db.session.scalar(db.select(EntryLink)) is None


def test_deactivated_in_the_page_somebody_is_out_at_once(app, owner, log_in):
    agent = log_in(Role.AGENT)
    assert agent.get("/conversations/").status_code == 200
    person = db.session.scalar(db.select(Operator).filter_by(role=Role.AGENT))

    post(owner, f"/team/{person.id}/deactivate")

    assert agent.get("/conversations/").status_code == 302
    assert "Deactivated" in owner.get("/team").text


def test_the_page_says_beforehand_which_tokens_end_with_somebody_and_which_stay(app, owner):
    with transaction():
        reza = add_operator(Role.ADMIN).id
    for name in ("<b>accounting</b>", "robot"):
        issue_token(name, NOON, reza)
    before = owner.get("/team").text
    issue_token("script", NOON)

    page = owner.get("/team").text
    post(owner, f"/team/{reza}/deactivate")
    after = owner.get("/team").text

    assert "2 API tokens that they made" in page
    assert "<bdi>&lt;b&gt;accounting&lt;/b&gt;</bdi>" in page
    assert page.count('data-sure="Deactivate, and end 2 tokens?"') == 1
    assert "API tokens that they made" not in after
    assert "1 API token was made on the command line and stays" in after
    assert "on the command line" not in before


def test_a_token_that_ended_with_its_maker_is_shown_as_revoked(app, owner):
    with transaction():
        reza = add_operator(Role.ADMIN).id
    issue_token("robot", NOON, reza)
    open_before = "Revoked" not in owner.get("/settings/tokens").text

    post(owner, f"/team/{reza}/deactivate")

    page = owner.get("/settings/tokens").text
    assert open_before
    assert "Revoked" in page
    assert "/revoke" not in page


def test_a_link_to_a_new_password_ends_the_old_one(app, owner):
    fill_in(FreshClient(app), invite(owner), name="Reza", password=PASSWORD)
    post(owner, f"/team/{operator().id}/password")
    path = link_on(owner.get("/team").text)

    answer = fill_in(FreshClient(app), path, password="another long sentence")

    assert answer.location == "/login"
    assert db.session.scalar(db.select(OperatorSession).filter_by(operator_id=operator().id, ended_at=None)) is None


def test_an_owner_does_with_themself_nothing_that_asks_for_a_password_elsewhere(owner):
    """Else whoever sits down at their open page takes the account over: Security asks for the password for both."""
    with transaction():
        me = db.session.scalars(db.select(Operator)).one()
        me.totp_encrypted, me.totp_at = b"sealed", NOON
        path = f"/team/{me.id}"

    for deed in ("second-step-off", "password"):
        assert f"{path}/{deed}" not in owner.get("/team").text
        post(owner, f"{path}/{deed}")
        assert "under Security, with your password" in owner.get("/team").text

    db.session.rollback()
    assert db.session.scalars(db.select(Operator.totp_at)).one() == NOON
    assert db.session.scalar(db.select(EntryLink)) is None


def test_what_another_owner_lost_they_take_away(owner):
    with transaction():
        other = add_operator(Role.OWNER, totp_encrypted=b"sealed", totp_at=NOON).id

    post(owner, f"/team/{other}/second-step-off")
    post(owner, f"/team/{other}/password")

    db.session.rollback()
    assert db.session.get_one(Operator, other).totp_at is None
    assert db.session.scalars(db.select(EntryLink.operator_id)).one() == other


def test_who_becomes_an_owner_in_that_moment_keeps_the_second_step_before_an_admin(log_in, monkeypatch):
    """The rank is asked where it is written, not before."""
    admin = log_in(Role.ADMIN)
    with transaction():
        other = add_operator(Role.AGENT, totp_encrypted=b"sealed", totp_at=NOON).id

    def promote():
        team.change_role(other, Role.OWNER, None, NOON)
        return NOON

    monkeypatch.setattr(pages, "utc_now", promote)
    post(admin, f"/team/{other}/second-step-off")

    db.session.rollback()
    assert db.session.get_one(Operator, other).totp_at == NOON
    assert db.session.scalar(db.select(Audit).filter_by(action="second_step_off")) is None


def test_a_hostile_name_stays_words(app, owner):
    name = "<img src=x onerror=alert(1)>\"'{{7*7}}"
    fill_in(FreshClient(app), invite(owner), name=name, password=PASSWORD)

    page = owner.get("/team").text

    assert "<img src=x" not in page
    assert "{{7*7}}" in page


def test_no_field_of_a_form_makes_more_of_somebody_than_the_link_says(app, owner):
    fill_in(
        FreshClient(app), invite(owner), name="R", password=PASSWORD, role="owner", email="x@y.test", active="1", id="1"
    )

    assert operator().role is Role.AGENT


def test_only_an_owner_decides_what_admins_need(log_in):
    admin = log_in(Role.ADMIN)

    post(admin, "/team/second-step", required="on")

    assert not second_step.admins_need_codes()


# --- forgotten -------------------------------------------------------------------------------------------------------


def test_without_mail_the_page_says_whom_to_ask(app):
    assert "Ask an owner or an admin" in FreshClient(app).get("/forgot-password").text


@pytest.fixture
def with_mail(make_app, make_settings):
    app = make_app(make_settings(smtp_url="smtp://127.0.0.1:1", mail_from="inbox@shop.test"))
    with transaction():
        for email in (EMAIL, "sara@shop.test"):
            add_operator(Role.AGENT, email=email)
    return app


@pytest.fixture
def finish(monkeypatch):
    """Let the server take leave of a visitor, and do what it begins after that."""
    tasks, start = [], socketio.start_background_task
    monkeypatch.setattr(socketio, "start_background_task", lambda *args: tasks.append(start(*args)))

    def finish(answer):
        answer.close()
        for task in tasks:
            task.join(20)

    return finish


def mailed():
    db.session.rollback()
    return db.session.scalars(db.select(Mail.recipient).order_by(Mail.id)).all()


def test_with_mail_a_known_and_an_unknown_person_are_told_the_same(with_mail, finish):
    pages = []
    for email in (EMAIL, "nobody@shop.test"):
        browser = FreshClient(with_mail)
        answer = fill_in(browser, "/forgot-password", email=email)
        finish(answer)
        assert answer.location == "/login"
        pages.append(re.sub(r'value="[^"]*"|content="[^"]*"', "", browser.get("/login").text))

    assert pages[0] == pages[1]
    assert mailed() == [EMAIL]


@pytest.mark.parametrize("email", [EMAIL, "nobody@shop.test"], ids=["known", "unknown"])
def test_nobody_is_looked_for_and_nothing_written_before_the_answer_is_complete(with_mail, finish, email):
    """Else the time that it takes would tell who logs in here."""
    browser = FreshClient(with_mail)
    token = re.search(r'name="csrf_token" value="([^"]+)"', browser.get("/forgot-password").text)[1]
    asked = record_statements()

    answer = browser.post("/forgot-password", data={"csrf_token": token, "email": email})
    body, before = answer.data, list(asked)
    mailed_before = mailed()
    finish(answer)

    assert len(body) == int(answer.headers["Content-Length"])
    assert (before, mailed_before) == ([], [])
    assert mailed() == [EMAIL] * (email == EMAIL)
    assert any("FROM operator" in statement for statement in asked)


def test_the_mail_speaks_the_language_of_whoever_asked(with_mail, finish):
    for language, subject in (("fa", "گذرواژه"), ("en", "A new password")):
        browser = FreshClient(with_mail)
        browser.get(f"/forgot-password?lang={language}")
        finish(fill_in(browser, "/forgot-password", email=EMAIL))

        db.session.rollback()
        mail = db.session.scalars(db.select(Mail).order_by(Mail.id.desc())).first()
        content = json.loads(vault.decrypt(mail.content_encrypted))
        assert subject in content["subject"]
        assert re.search(r"^http\S+/new-password/\S+$", content["text"], re.MULTILINE)


def test_a_database_that_fails_after_the_answer_is_told_in_the_log(with_mail, finish, monkeypatch, caplog):
    def fail(*_args):
        raise OperationalError("UPDATE entry_link", {}, Exception(EMAIL))

    monkeypatch.setattr(links, "offer_password", fail)

    finish(fill_in(FreshClient(with_mail), "/forgot-password", email=EMAIL))

    assert "asked for and not made: OperationalError" in caplog.text
    assert EMAIL not in caplog.text


def test_nobody_is_mailed_without_limit_from_wherever_it_is_asked(with_mail, finish):
    def ask(email, address):
        browser = FreshClient(with_mail)
        browser.environ_base = {**browser.environ_base, "REMOTE_ADDR": address}
        answer = fill_in(browser, "/forgot-password", email=email)
        finish(answer)
        return answer.status_code

    told = [[ask(email, f"203.0.113.{number}") for number in range(5)] for email in (EMAIL, "nobody@shop.test")]

    assert told[0] == told[1] == [302, 302, 302, 429, 429]
    assert ask("sara@shop.test", "203.0.113.0") == 302
    assert mailed() == [EMAIL] * 3 + ["sara@shop.test"]


def test_what_was_done_is_on_the_audit_log_without_the_token(app, owner):
    path = invite(owner)

    entries = db.session.scalars(db.select(Audit).filter_by(action="operator_invited")).all()
    assert [entry.details for entry in entries] == [{"email": EMAIL, "role": "agent"}]
    assert path.rpartition("/")[2] not in str([entry.details for entry in entries])
