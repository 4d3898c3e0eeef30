"""Log-in and log-out: who comes in, what everybody else is told, and when a session ends."""

import re
import time

import pytest
from redis.exceptions import ConnectionError as RedisAway
from rows import FreshClient, add

from pilito import passwords
from pilito.blueprints import auth
from pilito.blueprints.auth import STARTED_AT, safe_path
from pilito.clock import utc_now
from pilito.database import transaction
from pilito.lifecycle import Role
from pilito.models import Audit, Operator, db

PASSWORD = "a long enough password"
WRONG = "do not match"


@pytest.fixture
def operator(app):
    with transaction():
        values = {"password_hash": passwords.hash_password(PASSWORD), "role": Role.AGENT, "created_at": utc_now()}
        return add(Operator(email="sara@shop.test", name="Sara", language="en", **values))


@pytest.fixture
def browser(app):
    return FreshClient(app)


def token_of(answer):
    return re.search(r'name="csrf_token" value="([^"]+)"', answer.text)[1]


def log_in(browser, email="sara@shop.test", password=PASSWORD, **fields):
    token = token_of(browser.get("/login?lang=en"))
    return browser.post("/login", data={"email": email, "password": password, "csrf_token": token, **fields})


def may_look(browser):
    return browser.get("/conversations/").status_code == 200


# --- who comes in ----------------------------------------------------------------------------------------------------


def test_the_right_password_opens_the_panel(browser, operator):
    answer = log_in(browser)

    assert answer.location == "/conversations/"
    assert may_look(browser)


def test_the_email_may_be_typed_in_capitals(browser, operator):
    assert log_in(browser, email=" Sara@Shop.Test ").status_code == 302


def test_a_log_in_is_on_the_audit_log(browser, operator):
    log_in(browser)

    entry = db.session.scalar(db.select(Audit).filter_by(action="logged_in"))
    assert entry.operator_id == operator.id
    assert entry.details == {"ip": "127.0.0.1"}


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("sara@shop.test", "another long password"),
        ("nobody@shop.test", PASSWORD),
        ("", ""),
        ("sara@shop.test", "x" * 900_000),
    ],
    ids=["wrong password", "unknown person", "nothing", "a megabyte"],
)
def test_everybody_else_is_told_the_same(browser, operator, email, password):
    answer = log_in(browser, email=email, password=password)

    assert answer.status_code == 401
    assert WRONG in answer.text
    assert not may_look(browser)


def test_a_deactivated_person_is_told_the_same(browser, operator):
    with transaction():
        db.session.get_one(Operator, operator.id).active = False

    assert WRONG in log_in(browser).text


def test_an_unknown_person_costs_as_much_work_as_a_wrong_password(monkeypatch, browser, operator):
    checked = []

    class Counting(passwords.PasswordHasher):
        def verify(self, hash, password):
            checked.append(password)
            return super().verify(hash, password)

    monkeypatch.setattr(passwords, "_hasher", Counting())
    for email in ("nobody@shop.test", "sara@shop.test"):
        log_in(browser, email=email, password="another long password")

    assert checked == ["another long password"] * 2


def test_a_form_without_its_token_is_refused(browser, operator):
    answer = browser.post("/login", data={"email": "sara@shop.test", "password": PASSWORD})

    assert answer.status_code == 400
    assert not may_look(browser)


def test_an_old_hash_is_made_anew_at_log_in(browser, operator):
    old = passwords.PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash(PASSWORD)
    with transaction():
        db.session.get_one(Operator, operator.id).password_hash = old

    log_in(browser)

    db.session.expire_all()
    assert db.session.get_one(Operator, operator.id).password_hash != old


# --- where to --------------------------------------------------------------------------------------------------------


def test_one_comes_back_to_where_one_wanted_to_go(browser, operator):
    asked = browser.get("/conversations/17?zone=done")
    assert "next=/conversations/17?zone%3Ddone" in asked.location

    assert log_in(browser, next="/conversations/17?zone=done").location == "/conversations/17?zone=done"


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.test/",
        "//evil.test",
        "/\\evil.test",
        "\\\\evil.test",
        "javascript:alert(1)",
        "/\t/evil.test",
        "",
        None,
        "x",
    ],
)
def test_but_never_to_another_server(target):
    assert safe_path(target) == "/conversations/"


# --- sessions --------------------------------------------------------------------------------------------------------


def test_log_out_ends_the_session(browser, operator):
    log_in(browser)

    browser.post("/logout", data={"csrf_token": token_of(browser.get("/conversations/"))})

    assert not may_look(browser)


def test_a_link_does_not_log_out(browser, operator):
    log_in(browser)

    assert browser.get("/logout").status_code == 405
    assert may_look(browser)


def test_deactivation_ends_the_session_at_once(browser, operator):
    log_in(browser)

    with transaction():
        db.session.get_one(Operator, operator.id).active = False

    assert not may_look(browser)


def test_a_new_epoch_ends_the_session(browser, operator):
    log_in(browser)

    with transaction():
        db.session.get_one(Operator, operator.id).session_epoch += 1

    assert not may_look(browser)


def test_a_session_ends_after_a_week_however_busy(browser, operator):
    log_in(browser)

    with browser.session_transaction() as session:
        session[STARTED_AT] = time.time() - auth.SESSION_LIFE.total_seconds() - 1

    assert not may_look(browser)


def test_nothing_of_the_session_before_is_kept(browser, operator):
    with browser.session_transaction() as session:
        session["planted"] = "by somebody else"

    log_in(browser)

    with browser.session_transaction() as session:
        assert "planted" not in session


def test_a_fragment_of_an_ended_session_gets_401(browser, operator):
    answer = browser.get("/conversations/list", headers={"X-Fragment": "1"})

    assert answer.status_code == 401


# --- throttle --------------------------------------------------------------------------------------------------------


def test_many_wrong_passwords_are_stopped(browser, operator):
    for _ in range(auth.TRIES_PER_PERSON):
        assert log_in(browser, password="another long password").status_code == 401

    assert log_in(browser).status_code == 429


def test_but_from_another_address_the_person_still_comes_in(browser, operator):
    for _ in range(auth.TRIES_PER_PERSON + 1):
        log_in(browser, password="another long password")

    token = token_of(browser.get("/login"))
    data = {"email": "sara@shop.test", "password": PASSWORD, "csrf_token": token}
    answer = browser.post("/login", data=data, environ_base={"REMOTE_ADDR": "203.0.113.7"})

    assert answer.status_code == 302


def test_one_password_against_many_people_is_stopped(monkeypatch, browser, operator):
    monkeypatch.setattr(auth, "TRIES_PER_ADDRESS", 3)
    for number in range(3):
        log_in(browser, email=f"person{number}@shop.test")

    assert log_in(browser, email="person4@shop.test").status_code == 429


def test_a_right_password_forgets_the_wrong_ones(browser, operator):
    for _ in range(auth.TRIES_PER_PERSON - 1):
        log_in(browser, password="another long password")
    assert log_in(browser).status_code == 302

    assert log_in(FreshClient(browser.application), password="another long password").status_code == 401


def test_with_redis_away_one_still_comes_in(monkeypatch, browser, operator):
    def refuse(*_args, **_options):
        raise RedisAway("away")

    monkeypatch.setattr(auth, "redis", type("Away", (), {"pipeline": refuse, "delete": refuse})())
    monkeypatch.setattr(auth, "UNCOUNTED_DELAY_SECONDS", 0)

    assert log_in(browser).status_code == 302


# --- passwords and pages ---------------------------------------------------------------------------------------------


@pytest.mark.sqlite_only
def test_a_short_password_is_refused_with_a_sentence():
    with pytest.raises(ValueError, match="at least 12 characters; this one has 5"):
        passwords.hash_password("short")


@pytest.mark.sqlite_only
def test_a_hash_is_argon2id_with_19_mebibytes_or_more():
    made = passwords.hash_password(PASSWORD)

    assert made.startswith("$argon2id$")
    assert int(re.search(r"m=(\d+)", made)[1]) >= 19 * 1024


@pytest.mark.parametrize(("asked", "direction"), [("fa", "rtl"), ("en", "ltr"), ("de", "ltr")])
def test_the_page_before_log_in_speaks_the_language_of_the_browser(browser, asked, direction):
    page = browser.get("/login", headers={"Accept-Language": asked}).text

    assert f'dir="{direction}"' in page


def test_the_language_chosen_before_log_in_is_kept(browser):
    browser.get("/login?lang=fa")

    assert 'lang="fa"' in browser.get("/login", headers={"Accept-Language": "en"}).text


@pytest.mark.parametrize("path", ["/login", "/conversations/", "/no/such/page", "/webhooks/instagram"])
def test_every_answer_carries_the_security_headers(browser, path):
    headers = browser.get(path).headers

    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"


def test_a_host_of_the_callers_making_does_not_reach_the_policy(browser):
    answer = browser.get("/login", headers={"Host": "evil.test;script-src *"})

    assert "evil" not in answer.headers.get("Content-Security-Policy", "")


def test_https_is_asked_for_where_it_is_spoken(browser):
    assert "Strict-Transport-Security" not in browser.get("/login").headers
    assert "Strict-Transport-Security" in browser.get("/login", base_url="https://panel.test").headers
