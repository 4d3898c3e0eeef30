"""A person or a token that asks for too much waits; everybody else does not, and webhooks never."""

import time

import pytest
from rows import FreshClient
from shop import text, webhook

from pilito.blueprints import rates
from pilito.blueprints.api.openapi import DOCUMENT
from pilito.clock import utc_now
from pilito.database import transaction
from pilito.lifecycle import Role
from pilito.models import Operator, OperatorSession, db
from pilito.people.sessions import begin_session
from pilito.tokens import issue_token

pytestmark = pytest.mark.sqlite_only

MOST = 12  # so 3 changes and 2 searches
LIST = "/api/v1/conversations"


@pytest.fixture
def settings(make_settings):
    return make_settings(requests_per_minute=MOST)


@pytest.fixture
def app(make_app, settings):
    app = make_app(settings)
    app.config["WTF_CSRF_ENABLED"] = False
    return app


@pytest.fixture
def sara(log_in):
    return log_in(Role.AGENT)


@pytest.fixture
def api(app):
    """Ask as another program each time this is called."""

    def make():
        headers = {"Authorization": f"Bearer {issue_token('a program', utc_now())}"}
        return lambda path, method="GET": FreshClient(app).open(path, method=method, headers=headers)

    return make


def statuses(ask, times, *args, **options):
    return [ask(*args, **options).status_code for _ in range(times)]


# --- people ----------------------------------------------------------------------------------------------------------


def test_a_tab_that_ran_away_is_told_to_wait_in_words(sara):
    assert statuses(sara.get, MOST, "/settings") == [200] * MOST

    page = sara.get("/settings")

    assert page.status_code == 429
    assert 1 <= int(page.headers["Retry-After"]) <= rates.WINDOW_SECONDS
    assert "That was too much in one minute" in page.text
    assert "Wait a minute" in page.text


def test_a_script_of_the_page_gets_the_sentence_to_show(sara):
    statuses(sara.get, MOST, "/settings")

    answer = sara.get("/conversations/list", headers={"X-Fragment": "1"})

    assert answer.status_code == 429
    assert answer.json["reason"] == "too_many_requests"
    assert "Wait a minute" in answer.json["message"]


def test_a_colleague_is_not_held_up(sara, log_in):
    statuses(sara.get, MOST + 1, "/settings")

    assert log_in().get("/settings").status_code == 200


def test_another_browser_of_the_same_person_is(app, sara):
    statuses(sara.get, MOST, "/settings")
    with transaction():
        operator = db.session.get_one(Operator, db.session.scalars(db.select(OperatorSession.operator_id)).one())
        begin_session(operator, None, None, utc_now())
        key = operator.get_id()
    second = FreshClient(app)
    with second.session_transaction() as session:
        session.update({"_user_id": key, "_fresh": True})

    assert second.get("/settings").status_code == 429


def test_changes_and_searches_are_fewer_and_neither_takes_from_the_other(sara):
    assert statuses(sara.post, MOST // rates.CHANGES + 1, "/notifications/read") == [302, 302, 302, 429]
    assert 429 not in statuses(sara.get, MOST // rates.SEARCHES, "/conversations/?q=مانتو")
    assert sara.get("/conversations/?q=مانتو").status_code == 429
    assert sara.get("/conversations/").status_code == 200


def test_what_is_refused_is_not_done(sara):
    form = {"language": "en", "theme": "dark", "calendar": "jalali", "digits": "latin"}
    statuses(sara.post, MOST // rates.CHANGES, "/settings/profile", data=form | {"name": "Before"})

    sara.post("/settings/profile", data=form | {"name": "After"})

    db.session.rollback()
    assert db.session.scalars(db.select(Operator.name)).one() == "Before"


def test_when_the_time_is_over_one_goes_on(sara, monkeypatch):
    monkeypatch.setattr(rates, "WINDOW_SECONDS", 1)
    statuses(sara.get, MOST, "/settings")
    refused = sara.get("/settings")
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "1")

    time.sleep(1.1)

    assert sara.get("/settings").status_code == 200


def test_the_counts_need_no_redis_and_so_whoever_is_logged_in_works_on_without_it(make_app, make_settings, log_in):
    make_app(make_settings(requests_per_minute=MOST, redis_url="redis://127.0.0.1:1/0"))
    sara = log_in()

    assert statuses(sara.get, MOST + 1, "/settings") == [200] * MOST + [429]


def test_nobody_is_counted_where_the_limit_is_switched_off(make_app, make_settings, log_in):
    make_app(make_settings(requests_per_minute=0))

    assert set(statuses(log_in().get, 3 * MOST, "/settings")) == {200}


# --- programs --------------------------------------------------------------------------------------------------------


def test_a_program_that_asks_too_often_is_told_when_to_ask_again(api):
    one = api()
    assert statuses(one, MOST, LIST) == [200] * MOST

    answer = one(LIST)

    assert answer.status_code == 429
    assert answer.json["error"]["code"] == "too_many_requests"
    assert answer.json["error"]["message"].startswith("12 requests in 60 seconds are the most; ask again in ")
    assert 1 <= int(answer.headers["Retry-After"]) <= rates.WINDOW_SECONDS
    assert api()(LIST).status_code == 200  # of another token


def test_its_changes_and_searches_are_fewer(api):
    one = api()
    assert statuses(one, 4, f"{LIST}/1/close", "POST") == [404, 404, 404, 429]
    assert statuses(one, 3, f"{LIST}?q=مانتو") == [200, 200, 429]


def test_the_description_says_so_of_all_that_takes_a_token():
    for path, item in DOCUMENT["paths"].items():
        for method, operation in item.items():
            if method != "parameters" and path != "/openapi.json":
                assert "429" in operation["responses"], f"{method} {path}"
    assert "Retry-After" in DOCUMENT["components"]["responses"]["TooMany"]["headers"]


# --- and who is never counted ----------------------------------------------------------------------------------------


def test_webhooks_are_taken_however_many_come(make_shop):
    shop = make_shop(requests_per_minute=MOST)

    sent = [shop.post(webhook(text("سلام", utc_now(), mid=f"mid-{number}"))) for number in range(3 * MOST)]

    assert {answer.status_code for answer in sent} == {200}


@pytest.mark.parametrize("path", ["/healthz", "/login", "/static/panel/base.css", "/api/v1/openapi.json"])
def test_nor_is_what_is_open_to_everybody(client, path):
    assert set(statuses(client.get, 3 * MOST, path)) == {200}
