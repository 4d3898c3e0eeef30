"""What is one's own: profile, password, second step, log-ins."""

import re
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from rows import FreshClient, add_operator

from pilito.clock import utc_now
from pilito.database import transaction
from pilito.lifecycle import Role
from pilito.models import Operator, OperatorSession, db
from pilito.passwords import hash_password
from pilito.people import second_step, team
from pilito.people.sessions import begin_session

PASSWORD = "a long enough password"
EMAIL = "sara@shop.test"


@pytest.fixture
def sara(app):
    with transaction():
        values = {"email": EMAIL, "name": "Sara", "language": "en", "password_hash": hash_password(PASSWORD)}
        return add_operator(Role.ADMIN, **values).id


@pytest.fixture
def browser(app, sara):
    return by_cookie(app, sara)


def by_cookie(app, operator_id):
    with transaction():
        operator = db.session.get_one(Operator, operator_id)
        begin_session(operator, "203.0.113.7", "Mozilla/5.0 (Windows NT 10.0) Firefox/140.0", utc_now())
        key = operator.get_id()
    client = FreshClient(app)
    with client.session_transaction() as session:
        session.update({"_user_id": key, "_fresh": True})
    return client


def post(browser, path, **fields):
    token = re.search(r'name="csrf-token" content="([^"]+)"', browser.get("/settings/security").text)[1]
    return browser.post(path, data={"csrf_token": token, **fields})


def log_in(app, password=PASSWORD):
    browser = FreshClient(app)
    token = re.search(r'name="csrf_token" value="([^"]+)"', browser.get("/login?lang=en").text)[1]
    return browser, browser.post("/login", data={"email": EMAIL, "password": password, "csrf_token": token})


def give_code(browser, code):
    token = re.search(r'name="csrf_token" value="([^"]+)"', browser.get("/login/code").text)[1]
    return browser.post("/login/code", data={"code": code, "csrf_token": token})


def operator(operator_id):
    db.session.rollback()
    return db.session.get_one(Operator, operator_id)


# --- profile ---------------------------------------------------------------------------------------------------------


def save(browser, **fields):
    chosen = {"name": "Sara", "language": "en", "theme": "system", "calendar": "language", "digits": "language"}
    return post(browser, "/settings/profile", **chosen | fields)


def test_one_chooses_how_one_is_called_and_how_it_looks(browser, sara):
    save(browser, name="  سارا  احمدی ", language="fa", theme="dark", calendar="gregorian", digits="latin")

    person = operator(sara)
    assert (person.name, person.language, person.theme) == ("سارا احمدی", "fa", "dark")
    assert (person.calendar, person.digits) == ("gregorian", "latin")


@pytest.mark.parametrize(
    ("language", "calendar", "digits", "expected"),
    [
        ("fa", "language", "language", "۷ آذر ۱۴۰۵"),
        ("fa", "gregorian", "language", "۲۸ نوامبر ۲۰۲۶"),
        ("fa", "language", "latin", "7 آذر 1405"),
        ("en", "language", "language", "28 Nov 2026"),
        ("en", "jalali", "language", "7 Azar 1405"),
        ("en", "gregorian", "persian", "۲۸ Nov ۲۰۲۶"),
    ],
)
def test_dates_are_written_as_one_chose(app, sara, browser, language, calendar, digits, expected):
    from flask_login import login_user

    from pilito.blueprints.i18n import moment

    save(browser, language=language, calendar=calendar, digits=digits)
    with app.test_request_context("/"):
        login_user(operator(sara))
        assert expected in moment(datetime(2026, 11, 28, 12, tzinfo=UTC))


def test_what_was_chosen_with_a_name_that_is_none_is_not_chosen_again(browser, sara):
    page = save(browser, name=" ", calendar="jalali", undo_seconds="10")

    assert page.status_code == 422
    assert 'value="jalali" selected' in page.text
    assert 'value="10" selected' in page.text
    assert operator(sara).calendar == "language"


def test_a_choice_that_there_is_not_is_refused(browser, sara):
    assert save(browser, calendar="mayan").status_code == 400


def test_nobody_makes_themself_owner_in_their_profile(browser, sara):
    save(browser, role="owner", active="0", totp_at="x")

    assert operator(sara).role is Role.ADMIN


def test_another_address_needs_the_password(browser, sara):
    refused = post(browser, "/settings/email", email="new@shop.test", password="not the password")
    assert operator(sara).email == EMAIL
    assert (refused.status_code, "not the password" in refused.text) == (422, False)
    assert 'name="email" value="new@shop.test"' in refused.text

    post(browser, "/settings/email", email="new@shop.test", password=PASSWORD)
    assert operator(sara).email == "new@shop.test"
    assert "Everywhere else you are logged out" in browser.get("/settings/profile").text  # and here one is not


# --- log-ins ---------------------------------------------------------------------------------------------------------


def test_the_page_says_where_one_is_logged_in(app, browser, sara):
    page = browser.get("/settings/security").text

    assert "Firefox · Windows" in page
    assert "203.0.113.7" in page


def test_one_ends_a_log_in_elsewhere(app, browser, sara):
    elsewhere = by_cookie(app, sara)
    newest = db.session.scalars(db.select(OperatorSession).order_by(OperatorSession.id.desc())).first()

    post(browser, f"/settings/sessions/{newest.id}/end")

    assert elsewhere.get("/conversations/").status_code == 302
    assert browser.get("/conversations/").status_code == 200


def test_but_none_of_somebody_elses(app, browser, sara):
    with transaction():
        other = add_operator(Role.AGENT)
    theirs = db.session.scalars(db.select(OperatorSession).filter_by(operator_id=other.id)).one()

    post(browser, f"/settings/sessions/{theirs.id}/end")

    db.session.rollback()
    assert db.session.get_one(OperatorSession, theirs.id).ended_at is None


def test_or_all_of_them_at_once(app, browser, sara):
    elsewhere = [by_cookie(app, sara), by_cookie(app, sara)]

    post(browser, "/settings/sessions/end-others")

    assert [one.get("/conversations/").status_code for one in elsewhere] == [302, 302]
    assert browser.get("/conversations/").status_code == 200


def test_a_new_password_ends_them_too(app, browser, sara):
    elsewhere = by_cookie(app, sara)

    post(browser, "/settings/password", old_password=PASSWORD, password="another long sentence")

    assert elsewhere.get("/conversations/").status_code == 302
    assert browser.get("/conversations/").status_code == 200
    assert log_in(app)[1].status_code == 401
    assert log_in(app, "another long sentence")[1].status_code == 302


def test_an_open_page_is_no_place_to_try_passwords(browser, sara):
    for _ in range(9):
        post(browser, "/settings/password", old_password="a wrong guess", password="another long sentence")

    post(browser, "/settings/password", old_password=PASSWORD, password="another long sentence")

    assert "Too many tries" in browser.get("/settings/security").text


def test_when_many_log_in_nothing_is_changed_and_no_try_counted(browser, sara, crowd):
    for _ in range(9):
        post(browser, "/settings/password", old_password=PASSWORD, password="another long sentence")
    assert "Many people are logging in" in browser.get("/settings/security").text
    post(browser, "/settings/email", email="new@shop.test", password=PASSWORD)
    post(browser, "/settings/second-step", password=PASSWORD)
    assert 'class="secret"' not in browser.get("/settings/security").text
    assert operator(sara).email == EMAIL
    crowd()

    post(browser, "/settings/password", old_password=PASSWORD, password="another long sentence")

    assert "The new password counts" in browser.get("/settings/security").text


# --- the second step -------------------------------------------------------------------------------------------------


@pytest.fixture
def secret(browser, sara):
    """Of somebody who has set the second step up in the page."""
    post(browser, "/settings/second-step", password=PASSWORD)
    secret = re.search(r'class="secret" dir="ltr">([A-Z2-7]+)<', browser.get("/settings/security").text)[1]
    page = post(browser, "/settings/second-step/confirm", code=code_of(secret, -30)).text
    browser.codes = re.findall(r"<li>([a-z2-7-]{19})", page)
    return secret


def code_of(secret, seconds=0):
    return pyotp.TOTP(secret).at(utc_now() + timedelta(seconds=seconds))


def test_it_is_set_up_by_a_picture_and_a_code(browser, sara):
    post(browser, "/settings/second-step", password=PASSWORD)

    picture = browser.get("/settings/second-step.svg")

    assert picture.mimetype == "image/svg+xml"
    assert b"<script" not in picture.data
    assert picture.headers["Cache-Control"] == "no-store"


def test_setting_it_up_needs_the_password(browser, sara):
    """Or whoever sits down at an open page could set up one of their own and lock its owner out."""
    for wrong in ({}, {"password": ""}, {"password": "not the password"}):
        post(browser, "/settings/second-step", **wrong)

        page = browser.get("/settings/security").text
        assert "does not match" in page
        assert 'class="secret"' not in page
        assert browser.get("/settings/second-step.svg").status_code == 404
    assert operator(sara).totp_encrypted is None


def test_a_secret_that_was_left_lying_sets_up_nothing(browser, sara):
    here = db.session.scalar(db.select(db.func.max(OperatorSession.id)))
    own = team.OwnPassword(sara, operator(sara).password_hash, here)
    secret = second_step.offer_secret(own, utc_now() - timedelta(minutes=11))

    page = browser.get("/settings/security").text
    post(browser, "/settings/second-step/confirm", code=code_of(secret))

    assert secret not in page
    assert "This key has ended" in browser.get("/settings/security").text
    assert not second_step.has_second_step(operator(sara))


def test_nor_does_one_that_was_begun_in_another_log_in(app, browser, sara):
    elsewhere = by_cookie(app, sara)
    post(browser, "/settings/second-step", password=PASSWORD)
    secret = re.search(r'class="secret" dir="ltr">([A-Z2-7]+)<', browser.get("/settings/security").text)[1]

    page = elsewhere.get("/settings/security").text
    post(elsewhere, "/settings/second-step/confirm", code=code_of(secret))

    assert secret not in page
    assert elsewhere.get("/settings/second-step.svg").status_code == 404
    assert not second_step.has_second_step(operator(sara))
    assert browser.get("/settings/second-step.svg").status_code == 200


def test_then_picture_and_secret_are_gone_and_the_codes_are_shown_once(browser, secret):
    assert len(browser.codes) == 10
    page = browser.get("/settings/security").text

    assert secret not in page
    assert browser.codes[0] not in page
    assert browser.get("/settings/second-step.svg").status_code == 404


def test_the_password_alone_opens_nothing_then(app, secret):
    browser, answer = log_in(app)

    assert answer.location == "/login/code"
    assert browser.get("/conversations/").status_code == 302
    assert give_code(browser, "000000").status_code == 401
    assert browser.get("/conversations/").status_code == 302


def test_password_and_code_do(app, secret):
    browser, _ = log_in(app)

    assert give_code(browser, code_of(secret)).location == "/conversations/"
    assert browser.get("/conversations/").status_code == 200


def test_a_recovery_code_opens_when_the_phone_is_gone(app, browser, secret):
    other, _ = log_in(app)

    assert give_code(other, browser.codes[3]).status_code == 302


def test_who_never_gave_the_password_sees_no_form_for_the_code(app, secret):
    assert FreshClient(app).get("/login/code").location == "/login"


def test_between_password_and_code_only_minutes_may_pass(app, secret, monkeypatch):
    browser, _ = log_in(app)
    with browser.session_transaction() as session:
        session["half_way"] = session["half_way"] | {"at": session["half_way"]["at"] - 301}

    assert browser.get("/login/code").location == "/login"


def test_switching_it_off_needs_the_password(app, browser, sara, secret):
    post(browser, "/settings/second-step/off", password="not the password")
    assert second_step.has_second_step(operator(sara))

    post(browser, "/settings/second-step/off", password=PASSWORD)
    assert log_in(app)[1].location == "/conversations/"


def require_of_all(owner):
    with transaction():
        db.session.get_one(Operator, owner).role = Role.OWNER
    second_step.require_for_admins(True, owner, utc_now())


def test_required_it_comes_before_everything_else(app, browser, sara, secret):
    require_of_all(sara)
    with transaction():
        other, agent = add_operator(Role.ADMIN, language="en").id, add_operator(Role.AGENT).id

    admin = by_cookie(app, other)

    assert admin.get("/conversations/").location == "/settings/security"
    assert admin.get("/rq/").status_code == 403
    assert "Your shop asks admins" in admin.get("/settings/security").text
    assert by_cookie(app, agent).get("/conversations/").status_code == 200
    assert browser.get("/conversations/").status_code == 200


def test_an_open_page_of_whoever_must_set_it_up_now_leads_there(app, browser, sara, secret):
    """It asks for fragments and sends forms; what it does at 401 is the same as when its log-in has ended."""
    with transaction():
        number = add_operator(Role.ADMIN, language="en").id
    admin = by_cookie(app, number)
    token = re.search(r'name="csrf-token" content="([^"]+)"', admin.get("/conversations/").text)[1]
    require_of_all(sara)

    fragment = admin.get("/conversations/list", headers={"X-Fragment": "1"})
    form = admin.post("/conversations/1/close", data={"csrf_token": token})

    assert (fragment.status_code, form.status_code) == (401, 401)
    assert 'href="/settings/security"' in form.text
    assert admin.get("/login?next=/conversations/7&ended=1").location == "/conversations/7"
    assert admin.get("/conversations/7").location == "/settings/security"
