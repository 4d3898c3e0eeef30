"""Canaries in what people write and in every secret: none of them comes into a line of the log, nor stays in Redis.

The one thing that a line holds of anybody's words is the beginning of a shared post's caption, which the deployment
guide promises (“Caption preview”).
"""

import logging

import pytest
from rows import FreshClient, everything_in_redis
from shop import ACCOUNT, edited, reel, seconds, text, unsent, webhook

from pilito import hints, keys
from pilito.clock import utc_now
from pilito.conversations import receive as receiving
from pilito.conversations.connect import connect
from pilito.conversations.reply import reply
from pilito.database import transaction
from pilito.errors import MediaError, kinds_of
from pilito.factory import bind_services
from pilito.jobs import replies
from pilito.lifecycle import AssistantMode
from pilito.logs import Lines
from pilito.models import Customer, db

pytestmark = pytest.mark.sqlite_only

WORDS, NAME, ANSWER, TOKEN, APP_SECRET, KEY, MAIL = CANARIES = (
    "kanarienvogel", "zeisig", "stieglitz", "IGAA-a-token-that-sings", "an app secret that sings, long enough",
    "sk-a-key-that-sings", "zaunkoenig@shop.test",
)  # fmt: skip


class Bird(Exception):
    """A bug that quotes what it stumbled over, as libraries do."""

    def __init__(self):
        super().__init__(f"could not convert string to float: {WORDS!r}")


@pytest.fixture
def shop(make_shop, lines, monkeypatch):
    settings = {"instagram_app_secret": [APP_SECRET], "openai_api_key": KEY, "reply_quiet_seconds": 0}
    shop = make_shop(**settings)
    shop.secret = APP_SECRET
    connect("instagram", "Shop", ACCOUNT, TOKEN, {}, AssistantMode.AUTO, utc_now())
    monkeypatch.setattr(type(shop.app.extensions["pilito_settings"]), "in_production", property(lambda _: True))
    return shop


def expect_no_bird_in(lines):
    assert lines
    for line in lines:
        for canary in CANARIES:
            assert canary not in line, line


def test_a_day_of_the_shop_leaves_nobodys_words_in_the_log(shop, lines):
    now = utc_now()
    shop.post(webhook(reel(now, mid="post"), text(f"{WORDS} چنده؟", now + seconds(1), mid="question")))
    shop.work()
    with transaction():
        customer = db.session.scalars(db.select(Customer)).one()
        customer.name = customer.username = NAME
    shop.post(webhook(edited("question", f"{WORDS} again", now + seconds(2)), text(WORDS, now + seconds(3), mid="two")))
    shop.post(webhook(unsent("two", now + seconds(4))))
    shop.work()
    shop.graph.script = [(400, {"error": {"code": 100, "message": f"(#100) cannot send {WORDS}"}})]
    reply(shop.conversation.id, None, ANSWER, "client-1", utc_now())
    shop.work()
    shop.model.script = [(500, {"error": {"message": f"{WORDS} {KEY}"}})] * 4
    shop.post(webhook(text(f"{WORDS}؟", utc_now(), mid="three")))
    shop.work()

    assert shop.graph.sent
    expect_no_bird_in(lines)
    expect_no_bird_in([repr(one) for one in everything_in_redis(shop.app.extensions["pilito_redis"])])


def test_a_body_that_cannot_be_read_is_not_quoted(shop, lines):
    for body in (
        f"{WORDS}".encode(),
        f'{{"entry": "{WORDS}"}}'.encode(),
        f'{{"object": "{WORDS}", "entry": [1'.encode(),
    ):
        assert shop.post(body).status_code == 200
    shop.work()

    expect_no_bird_in(lines or [""])


def test_a_bug_is_told_by_its_kind_and_its_line_and_not_by_its_words(shop, lines, monkeypatch):
    """In reading, in answering, in a whole job, whose failure stays in Redis for a week, and in a page."""

    def stumble(*_args, **_values):
        raise Bird

    monkeypatch.setattr(replies, "answer", stumble)
    shop.post(webhook(text("سلام", utc_now(), mid="one")))
    shop.work(keys.RECEIVE, keys.REPLIES)
    monkeypatch.setattr(receiving, "_become", stumble)
    shop.post(webhook(text("سلام", utc_now(), mid="two")))
    shop.work(keys.RECEIVE)
    for name, value in (("PROPAGATE_EXCEPTIONS", False), ("WTF_CSRF_ENABLED", False)):
        monkeypatch.setitem(shop.app.config, name, value)
    monkeypatch.setattr("pilito.blueprints.auth.check_password", stumble)
    answer = FreshClient(shop.app).post("/login", data={"email": MAIL, "password": WORDS})

    assert answer.status_code == 500
    said = "\n".join(lines)
    assert "POST auth.log_in" in said
    assert "Bird" in said
    assert "in stumble" in said
    expect_no_bird_in(lines)
    queue = hints.queue(keys.REPLIES)
    [failed] = [queue.fetch_job(one) for one in queue.failed_job_registry.get_job_ids()]
    kept = failed.latest_result().exc_string  # packed in Redis, and shown to admins
    assert "Bird" in kept
    assert WORDS not in kept


@pytest.mark.parametrize("path", ["/join", "/new-password"])
def test_a_page_that_fails_is_told_by_its_route_and_not_by_the_key_in_its_path(shop, lines, monkeypatch, path):
    def stumble(*_args):
        raise Bird

    monkeypatch.setitem(shop.app.config, "PROPAGATE_EXCEPTIONS", False)
    monkeypatch.setattr("pilito.people.links.find_link", stumble)

    answer = FreshClient(shop.app).get(f"{path}/{WORDS}")

    assert answer.status_code == 500
    said = "\n".join(lines)
    assert "GET doors.show_" in said
    assert "in stumble" in said
    expect_no_bird_in(lines)


def test_what_a_database_says_of_a_row_is_not_told(app):
    from sqlalchemy.exc import IntegrityError

    try:
        try:
            raise ValueError(f"DETAIL: Failing row contains ({WORDS})")
        except ValueError as error:
            raise IntegrityError("INSERT INTO message", {"text": WORDS}, error) from error
    except IntegrityError as error:
        told = kinds_of(error)

    assert WORDS not in told
    assert "ValueError" in told
    assert "sqlalchemy.exc.IntegrityError" in told
    assert "test_log_words.py" in told


def test_our_own_errors_keep_their_sentence():
    assert kinds_of(MediaError("too_large", "It has 12 bytes.")).endswith("MediaError: too_large: It has 12 bytes.")


def test_while_one_builds_it_the_words_are_there(app, settings):
    bind_services(app, settings)
    record = logging.LogRecord("x", logging.ERROR, "", 0, "failed", (), (Bird, Bird(), None))

    assert WORDS in Lines("%(message)s").format(record)
    assert WORDS not in Lines("%(message)s", True).format(record)
