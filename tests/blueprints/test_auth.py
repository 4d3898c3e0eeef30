"""Log-in and log-out: who comes in, what everybody else is told, and when a session ends."""

import hashlib
import re
import threading
from datetime import timedelta
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest
from rows import FreshClient, add

from pilito import create_app, passwords
from pilito.blueprints import auth, throttle
from pilito.blueprints.auth import safe_path
from pilito.clock import utc_now
from pilito.database import transaction
from pilito.lifecycle import Role
from pilito.models import Audit, Operator, OperatorSession, db
from pilito.people import links, second_step, team

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


def session_row():
    db.session.expire_all()
    return db.session.scalars(db.select(OperatorSession).order_by(OperatorSession.id.desc())).first()


def move_session(**values):
    with transaction():
        row = session_row()
        for name, value in values.items():
            setattr(row, name, value)


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
    assert entry.address == "127.0.0.1"


def test_so_is_one_that_was_refused_without_what_was_typed(browser, operator):
    log_in(browser, password="another long password")
    log_in(browser, email="my secret typed in the wrong field", password="x")

    entries = db.session.scalars(db.select(Audit).filter_by(action="log_in_refused").order_by(Audit.id)).all()
    assert [(entry.operator_id, entry.address, entry.details) for entry in entries] == [
        (operator.id, "127.0.0.1", {}),
        (None, "127.0.0.1", {}),
    ]


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

    assert checked == [b"another long password"] * 2


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


@pytest.mark.parametrize(("password", "status"), [(PASSWORD, 302), ("another long password", 401)])
def test_where_the_hash_is_another_by_then_the_new_one_decides(monkeypatch, browser, operator, password, status):
    """A log-in beside this one made it anew; or the password was changed."""

    def change_meanwhile(password_hash, given):
        monkeypatch.undo()
        fits = passwords.check_password(password_hash, given)
        with transaction():
            db.session.get_one(Operator, operator_id).password_hash = passwords.hash_password(password)
        return fits

    operator_id = operator.id
    monkeypatch.setattr(auth, "check_password", change_meanwhile)

    assert log_in(browser).status_code == status


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


@pytest.mark.parametrize(("minutes_left", "is_open"), [(5, True), (0, False)])
def test_a_log_in_ends_after_a_week_however_busy(browser, operator, minutes_left, is_open):
    log_in(browser)

    move_session(created_at=utc_now() - timedelta(days=7) + timedelta(minutes=minutes_left))

    assert may_look(browser) is is_open


def test_a_log_in_ends_after_half_a_day_without_anybody(browser, operator):
    log_in(browser)

    move_session(seen_at=utc_now() - timedelta(hours=12))

    assert not may_look(browser)


def test_whoever_is_there_stays_logged_in(browser, operator):
    log_in(browser)
    move_session(seen_at=utc_now() - timedelta(hours=12) + timedelta(minutes=5))

    assert may_look(browser)

    assert utc_now() - session_row().seen_at < timedelta(seconds=30)


def test_but_a_page_that_fetches_by_itself_is_nobody(browser, operator):
    log_in(browser)
    seen_at = utc_now() - timedelta(hours=1)
    move_session(seen_at=seen_at)

    assert browser.get("/conversations/list", headers={"X-Fragment": "1"}).status_code == 200

    assert session_row().seen_at == seen_at


def test_an_old_cookie_is_refused_after_log_out(browser, operator):
    log_in(browser)
    stolen = browser.get_cookie("pilito")

    browser.post("/logout", data={"csrf_token": token_of(browser.get("/conversations/"))})
    browser.set_cookie("pilito", stolen.value)

    assert not may_look(browser)


def test_a_session_known_before_log_in_is_worth_nothing_after_it(browser, operator):
    browser.get("/login")
    planted = browser.get_cookie("pilito").value
    log_in(browser)
    other = FreshClient(browser.application)
    other.set_cookie("pilito", planted)

    assert not may_look(other)


def test_the_cookie_holds_a_secret_of_which_the_database_has_the_hash(browser, operator):
    log_in(browser)

    with browser.session_transaction() as session:
        secret = session["_user_id"]

    assert len(secret) >= 43
    assert session_row().secret_hash == hashlib.sha256(secret.encode()).hexdigest()


def test_a_cookie_of_somebody_elses_making_opens_nothing(browser, operator):
    log_in(browser)

    for key in (str(operator.id), f"{operator.id}:0", session_row().secret_hash, ""):
        with browser.session_transaction() as session:
            session["_user_id"] = key
        assert not may_look(browser)


def test_an_older_secret_key_still_counts_while_it_is_named(make_app, make_settings, operator, browser):
    log_in(browser)
    app = browser.application
    old, app.config["SECRET_KEY"] = app.config["SECRET_KEY"], "another session key of the tests, long enough"
    try:
        assert not may_look(browser)
        app.config["SECRET_KEY_FALLBACKS"] = [old]
        assert may_look(browser)
    finally:
        app.config.update(SECRET_KEY=old, SECRET_KEY_FALLBACKS=[])


@pytest.mark.sqlite_only
def test_with_https_the_cookie_is_the_hosts_own(make_settings):
    app = create_app(make_settings(public_url="https://inbox.example.com", redis_url=""))

    cookie = app.test_client().get("/login", base_url="https://inbox.example.com").headers["Set-Cookie"]

    assert cookie.startswith("__Host-pilito=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= {part.strip() for part in cookie.split(";")}
    assert "Domain=" not in cookie


def test_nothing_of_the_session_before_is_kept(browser, operator):
    with browser.session_transaction() as session:
        session["planted"] = "by somebody else"

    log_in(browser)

    with browser.session_transaction() as session:
        assert "planted" not in session


@pytest.mark.parametrize(
    ("came_from", "leads_to"),
    [
        ("http://localhost/comments?before=x", "/comments?before=x"),
        ("http://localhost//evil.test/x", "/conversations/"),
        ("http://evil.test/comments", "/conversations/"),
        ("", "/conversations/"),
    ],
)
def test_a_form_of_an_ended_session_gets_a_page_that_leads_back_to_its_own(browser, operator, came_from, leads_to):
    log_in(browser)
    token = token_of(browser.get("/conversations/"))
    move_session(ended_at=utc_now())

    answer = browser.post("/comments/1/reply", data={"csrf_token": token}, headers={"Referer": came_from})

    assert answer.status_code == 401
    assert "Your session has ended" in answer.text
    way = unescape(re.search('href="(/login[^"]*)"', answer.text)[1])
    assert parse_qs(urlsplit(way).query)["next"] == [leads_to]


def test_a_form_of_another_log_in_says_that_it_changed(browser, operator):
    log_in(browser)
    old = {"csrf_token": token_of(FreshClient(browser.application).get("/login"))}

    fragment = browser.post("/conversations/1/close", data=old, headers={"X-Fragment": "1"})
    page = browser.post("/conversations/1/close", data=old)

    assert (fragment.status_code, fragment.json["reason"], page.status_code) == (400, "session_changed", 400)
    for words in (fragment.json["message"], page.text):
        assert "logged in or out in another tab meanwhile" in words


def test_a_form_sent_after_a_log_out_in_another_tab_leads_to_the_log_in(browser, operator):
    log_in(browser)
    old = {"csrf_token": token_of(browser.get("/conversations/"))}
    browser.post("/logout", data=old)

    assert browser.post("/conversations/1/close", data=old, headers={"X-Fragment": "1"}).status_code == 401
    assert 'href="/login' in browser.post("/conversations/1/close", data=old).text


def test_a_fragment_of_an_ended_session_gets_401(browser, operator):
    answer = browser.get("/conversations/list", headers={"X-Fragment": "1"})

    assert answer.status_code == 401


# --- throttle --------------------------------------------------------------------------------------------------------


def test_many_wrong_passwords_are_stopped(browser, operator):
    for _ in range(throttle.TRIES_PER_PERSON):
        assert log_in(browser, password="another long password").status_code == 401

    assert log_in(browser).status_code == 429


def test_but_from_another_address_the_person_still_comes_in(browser, operator):
    for _ in range(throttle.TRIES_PER_PERSON + 1):
        log_in(browser, password="another long password")

    assert log_in_at(browser, "203.0.113.7").status_code == 302


def log_in_at(browser, address, password=PASSWORD):
    data = {"email": "sara@shop.test", "password": password, "csrf_token": token_of(browser.get("/login"))}
    return browser.post("/login", data=data, environ_base={"REMOTE_ADDR": address})


def test_a_forwarded_address_that_nobody_vouches_for_does_not_help(browser, operator):
    for number in range(throttle.TRIES_PER_PERSON):
        log_in_from(browser, f"203.0.113.{number}", "another long password")

    assert log_in_from(browser, "203.0.113.99", PASSWORD).status_code == 429


def log_in_from(browser, forwarded_for, password):
    data = {"email": "sara@shop.test", "password": password, "csrf_token": token_of(browser.get("/login"))}
    return browser.post("/login", data=data, headers={"X-Forwarded-For": forwarded_for})


def test_whoever_has_a_whole_network_of_ipv6_has_no_more_tries_for_it(browser, operator):
    for number in range(throttle.TRIES_PER_PERSON):
        assert log_in_at(browser, f"2001:db8::{number:x}", "another long password").status_code == 401

    assert log_in_at(browser, "2001:db8::ffff:ffff:ffff:ffff", "another long password").status_code == 429
    for neighbour in ("2001:db8:0:1::1", "2001:db8:0:2::1"):
        assert log_in_at(browser, neighbour, "another long password").status_code == 401


def test_whoever_gave_the_right_password_there_has_all_tries_again(browser, operator):
    for number in range(throttle.TRIES_PER_PERSON - 1):
        log_in_at(browser, f"2001:db8::{number:x}", "another long password")

    assert log_in_at(browser, "2001:db8::ff").status_code == 302
    assert log_in_at(FreshClient(browser.application), "2001:db8::fff", "another long password").status_code == 401


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("address", "counted_as"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:0DB8:0001:0002::1", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("no address", "no address"),
    ],
)
def test_an_address_is_counted_by_what_its_holder_cannot_choose(app, address, counted_as):
    with app.test_request_context(environ_base={"REMOTE_ADDR": address}):
        assert throttle._network() == counted_as
        assert throttle.caller_address() == address  # on the audit log it stands whole


def test_one_password_against_many_people_is_stopped(monkeypatch, browser, operator):
    monkeypatch.setattr(throttle, "TRIES_PER_ADDRESS", 3)
    for number in range(3):
        log_in(browser, email=f"person{number}@shop.test")

    assert log_in(browser, email="person4@shop.test").status_code == 429


def test_a_right_password_forgets_the_wrong_ones(browser, operator):
    for _ in range(throttle.TRIES_PER_PERSON - 1):
        log_in(browser, password="another long password")
    assert log_in(browser).status_code == 302

    assert log_in(FreshClient(browser.application), password="another long password").status_code == 401


@pytest.fixture
def redis_away(make_app, make_settings, operator):
    """The address of a server that is not there; two web processes, each with half of the limits."""
    return make_app(make_settings(redis_url="redis://127.0.0.1:1/0", web_processes=2))


def test_with_redis_away_one_still_comes_in(redis_away, browser):
    assert log_in(browser).status_code == 302


def test_but_nobody_guesses_on(redis_away, browser):
    for _ in range(throttle.TRIES_PER_PERSON // 2):
        assert log_in(browser, password="another long password").status_code == 401

    assert log_in(browser).status_code == 429
    assert log_in_at(browser, "203.0.113.7").status_code == 302  # whose tries those were not


def test_nor_one_password_against_many_people(monkeypatch, redis_away, browser):
    monkeypatch.setattr(throttle, "TRIES_PER_ADDRESS", 6)
    for number in range(3):
        assert log_in(browser, email=f"person{number}@shop.test").status_code == 401

    assert log_in(browser, email="person4@shop.test").status_code == 429


def test_with_redis_away_too_a_right_password_forgets_the_wrong_ones(redis_away, browser):
    for _ in range(2):
        for _ in range(throttle.TRIES_PER_PERSON // 2 - 1):
            assert log_in(FreshClient(redis_away), password="another long password").status_code == 401
        assert log_in(FreshClient(redis_away)).status_code == 302


def test_with_redis_away_tries_side_by_side_are_counted_too(redis_away):
    together, taken = threading.Barrier(12), []

    def knock():
        with redis_away.test_request_context():
            together.wait(20)
            taken.append(throttle.may_try("sara@shop.test"))

    threads = [threading.Thread(target=knock) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    assert sorted(taken) == [False] * 8 + [True] * 4


def test_each_of_many_processes_lets_at_least_one_try_through(make_app, make_settings):
    app = make_app(make_settings(redis_url="redis://127.0.0.1:1/0", web_processes=64))

    with app.test_request_context():
        assert [throttle.may_try("sara@shop.test") for _ in range(2)] == [True, False]


@pytest.mark.sqlite_only
def test_the_counts_of_a_process_end_with_their_time_and_are_never_many():
    counts = throttle.OwnCounts(3)

    assert [counts.add("a", 10, now) for now in (0, 1, 9.9, 10, 11)] == [1, 2, 3, 1, 2]
    for key in "bcd":
        counts.add(key, 10, 12)
    assert len(counts) == 3
    assert counts.add("d", 10, 13) == 2
    assert counts.add("a", 10, 13) == 1  # the oldest has gone


def test_whoever_is_refused_for_their_address_fills_no_memory(monkeypatch, redis_away):
    monkeypatch.setattr(throttle, "TRIES_PER_ADDRESS", 2)

    with redis_away.test_request_context():
        for number in range(50):
            throttle.may_try(f"person{number}@shop.test")
        assert len(throttle._own_counts()) == 2


# --- when many log in at once ----------------------------------------------------------------------------------------


def test_when_too_many_log_in_at_once_one_is_asked_to_come_again(browser, operator, crowd):
    answer = log_in(browser)

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "Many people are logging in at this moment" in answer.text
    assert 'value="sara@shop.test"' in answer.text
    assert not may_look(browser)
    assert db.session.scalar(db.select(Audit)) is None


def test_and_that_was_no_try(monkeypatch, browser, operator, crowd):
    monkeypatch.setattr(throttle, "TRIES_PER_ADDRESS", throttle.TRIES_PER_PERSON + 1)
    for _ in range(throttle.TRIES_PER_ADDRESS):
        assert log_in(browser, password="another long password").status_code == 503
    crowd()

    for _ in range(throttle.TRIES_PER_PERSON):
        assert log_in(browser, password="another long password").status_code == 401
    assert log_in(browser).status_code == 429


def test_nor_with_redis_away(redis_away, browser, crowd):
    for _ in range(throttle.TRIES_PER_PERSON):
        assert log_in(browser).status_code == 503
    crowd()

    for _ in range(throttle.TRIES_PER_PERSON // 2):
        assert log_in(browser, password="another long password").status_code == 401
    assert log_in(browser).status_code == 429


@pytest.mark.sqlite_only
def test_no_less_is_counted_than_nothing():
    counts = throttle.OwnCounts(3)
    counts.add("a", 10, 0)

    for key in "aab":
        counts.take_back(key)

    assert counts.add("a", 10, 9) == 1
    assert counts.add("a", 10, 10) == 1  # its time did not begin anew
    assert len(counts) == 1


class Meanwhile(passwords.PasswordHasher):
    """Argon2id, while which something happens."""

    def __init__(self, happens):
        super().__init__(time_cost=2, memory_cost=19 * 1024, parallelism=1)
        self.happens = happens

    def verify(self, hash, password):
        self.happens()
        return super().verify(hash, password)


def test_whoever_waits_for_their_turn_holds_no_connection(monkeypatch, app, browser, operator):
    held = []
    monkeypatch.setattr(passwords, "_hasher", Meanwhile(lambda: held.append(db.engine.pool.checkedout())))

    for email in ("sara@shop.test", "nobody@shop.test"):
        db.session.rollback()
        log_in(FreshClient(app), email=email)

    assert held == [0, 0]


def test_an_old_password_opens_nothing_that_was_changed_while_it_waited(monkeypatch, app, browser, operator):
    new = passwords.hash_password("another long password")

    def change():
        with app.app_context(), transaction():
            db.session.get_one(Operator, 1).password_hash = new

    monkeypatch.setattr(passwords, "_hasher", Meanwhile(change))

    assert log_in(browser).status_code == 401
    assert not may_look(browser)
    db.session.expire_all()
    assert db.session.get_one(Operator, operator.id).password_hash == new


@pytest.fixture
def reset(app, operator):
    """Sara chooses a new password by her link."""
    token, _ = links.offer_password(operator.id, None, lambda token: ("x", token), utc_now())

    def make():
        with app.app_context():
            links.choose_password(token, "another long sentence", utc_now())

    return make


def open_log_ins():
    db.session.rollback()
    return db.session.scalars(db.select(OperatorSession).filter_by(ended_at=None)).all()


def test_nor_does_it_where_the_new_one_came_after_the_compare(monkeypatch, browser, operator, reset):
    """As while Redis is slow to forget the tries: the log-in would outlive the reset that ended all."""
    monkeypatch.setattr(auth, "forget_tries", lambda _email: reset())

    assert log_in(browser).status_code == 401
    assert not may_look(browser)
    assert open_log_ins() == []


def test_nor_where_the_new_one_came_between_password_and_code(browser, operator, reset):
    own = team.OwnPassword(operator.id, operator.password_hash, None)
    secret = second_step.offer_secret(own, utc_now())
    second_step.confirm(operator.id, None, pyotp.TOTP(secret).at(utc_now() - timedelta(seconds=30)), utc_now())
    assert log_in(browser).location == "/login/code"
    token = token_of(browser.get("/login/code"))
    reset()

    answer = browser.post("/login/code", data={"code": pyotp.TOTP(secret).at(utc_now()), "csrf_token": token})

    assert answer.location == "/login"
    assert open_log_ins() == []


def test_making_an_old_hash_anew_does_not_bring_the_old_password_back(monkeypatch, browser, operator, reset):
    old = passwords.PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash(PASSWORD)
    with transaction():
        db.session.get_one(Operator, operator.id).password_hash = old
    hash_password = passwords.hash_password
    monkeypatch.setattr(auth, "hash_password", lambda password: (hash_password(password), reset())[0])

    assert log_in(browser).status_code == 401
    db.session.expire_all()
    assert passwords.check_password(db.session.get_one(Operator, operator.id).password_hash, "another long sentence")
    assert open_log_ins() == []


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
