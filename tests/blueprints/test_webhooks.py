"""The door for events: signed bodies in, everything else refused, nothing promised that is not stored."""

import hashlib
import hmac
import io
import os
import shutil
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from flask_migrate import upgrade
from shop import ACCOUNT, TEST_SECRET, VERIFY_TOKEN, Shop, reel, seconds, text, webhook
from sqlalchemy import create_engine, event
from sqlalchemy import text as sql

from pilito import create_app, database, keys, refusals
from pilito.clock import utc_now
from pilito.config import ROOT
from pilito.conversations import record as recording
from pilito.conversations.sweep import sweep
from pilito.lifecycle import EventOutcome, WebhookState
from pilito.models import Event, Message, Webhook, db

sys.path.insert(0, str(Path(__file__).parents[1] / "channels" / "instagram"))
from captures import CAPTURES, raw

SHARED = Path(__file__).parents[2].parent / "shared" / "payloads"
# The captures in our own words, and those of others where they are beside this copy.
BODIES = {name: raw(name) for name in CAPTURES} | {
    path.name: path.read_bytes() for path in sorted(SHARED.glob("*.json"))
}


def webhooks():
    db.session.rollback()
    return list(db.session.scalars(db.select(Webhook).execution_options(populate_existing=True)))


@pytest.mark.sqlite_only
def test_the_handshake_returns_the_challenge_as_plain_text(client):
    answer = client.get(
        "/webhooks/instagram",
        query_string={"hub.mode": "subscribe", "hub.verify_token": VERIFY_TOKEN, "hub.challenge": "1158201444"},
    )

    assert (answer.status_code, answer.text, answer.mimetype) == (200, "1158201444", "text/plain")


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    "question",
    [
        {"hub.mode": "subscribe", "hub.verify_token": "wrong", "hub.challenge": "1"},
        {"hub.mode": "unsubscribe", "hub.verify_token": VERIFY_TOKEN, "hub.challenge": "1"},
        {"hub.mode": "subscribe", "hub.verify_token": VERIFY_TOKEN, "hub.challenge": "<script>alert(1)</script>"},
        {},
    ],
)
def test_a_wrong_handshake_is_refused(client, question):
    assert client.get("/webhooks/instagram", query_string=question).status_code == 403


def test_a_signed_body_is_on_the_ledger_before_the_answer(shop):
    answer = shop.post(webhook(text("سلام", utc_now())))

    assert (answer.status_code, answer.text) == (200, "EVENT_RECEIVED")
    (row,) = webhooks()
    assert (row.state, row.channel) == (WebhookState.PENDING, "instagram")
    assert shop.app.extensions["pilito_redis"].llen(f"rq:queue:{keys.RECEIVE}") == 1


@pytest.mark.sqlite_only
@pytest.mark.parametrize("header", [None, "", "sha256=", "sha256=" + "0" * 64, "sha1=" + "0" * 40, "sha256=é"])
def test_a_body_without_a_right_signature_is_refused_and_not_stored(client, header):
    headers = {"X-Hub-Signature-256": header} if header is not None else {}

    answer = client.post("/webhooks/instagram", data=b'{"object":"instagram"}', headers=headers)

    assert answer.status_code == 401
    assert webhooks() == []


@pytest.mark.sqlite_only
def test_a_signature_by_any_of_several_secrets_is_accepted(make_shop):
    shop = make_shop(instagram_app_secret=["an older secret of the app", TEST_SECRET])

    assert shop.post(webhook(text("سلام", utc_now()))).status_code == 200


@pytest.mark.sqlite_only
def test_a_body_over_a_mebibyte_is_refused(shop):
    assert shop.post(b"[" + b" " * (1024 * 1024) + b"]").status_code == 413
    assert webhooks() == []


@pytest.mark.sqlite_only
def test_a_body_of_just_a_mebibyte_is_taken(shop):
    assert shop.post(b"[" + b" " * (1024 * 1024 - 2) + b"]").status_code == 200


@pytest.mark.sqlite_only
def test_a_body_without_a_length_is_not_taken_for_what_it_was_cut_to(shop):
    """Not even where the signature is that of its first mebibyte."""
    whole = b"[" + b" " * (1024 * 1024 - 2) + b"]"
    signature = hmac.new(shop.secret.encode(), whole, hashlib.sha256).hexdigest()

    answer = shop.client.post(
        "/webhooks/instagram",
        input_stream=io.BytesIO(whole + b" and more"),
        headers={"X-Hub-Signature-256": f"sha256={signature}", "Transfer-Encoding": "chunked"},
        environ_overrides={"wsgi.input_terminated": True},  # as gunicorn says
    )

    assert answer.status_code == 413
    assert webhooks() == []


@pytest.mark.parametrize(
    "nonsense",
    [
        b"",
        b"not json",
        b"\xff\xfe\x00",
        b"[" * 100_000,
        b'{"entry": [{"messaging": [{"message": {"mid": 7}}]}]}',
        b"null",
    ],
)
def test_t13_signed_nonsense_is_answered_200_and_kept(shop, nonsense):
    assert shop.post(nonsense).status_code == 200
    shop.work(keys.RECEIVE)

    (row,) = webhooks()
    assert row.body == nonsense
    assert row.state in (WebhookState.FAILED, WebhookState.READ)
    outcomes = db.session.scalars(db.select(Event.outcome)).all()
    assert outcomes
    assert set(outcomes) <= {EventOutcome.FAILED, EventOutcome.IGNORED}


@pytest.mark.sqlite_only
def test_what_cannot_be_read_is_marked_failed_with_a_reason(shop):
    shop.post(b"not json")
    shop.work(keys.RECEIVE)

    (row,) = webhooks()
    assert row.state is WebhookState.FAILED
    assert row.error


@pytest.mark.sqlite_only
def test_a_locked_database_is_a_503_and_never_a_false_200(shop, monkeypatch):
    monkeypatch.setattr(database, "LOCK_WAIT_SECONDS", 0.2)
    body = webhook(text("سلام", utc_now()))
    other = create_engine(shop.app.config["SQLALCHEMY_DATABASE_URI"])
    with other.connect() as connection:
        connection.exec_driver_sql("BEGIN EXCLUSIVE")

        refused = shop.post(body)

    other.dispose()
    assert refused.status_code == 503
    assert refused.headers["Retry-After"]
    assert webhooks() == []
    assert shop.post(body).status_code == 200


@pytest.mark.sqlite_only
def test_behind_a_person_who_waits_for_the_lock_too_it_is_told_in_the_providers_time(shop, monkeypatch):
    """Whoever is first in the process waits its whole time; the webhook behind it has what is left of its own."""
    monkeypatch.setattr(database, "LOCK_WAIT_SECONDS", 2.0)
    monkeypatch.setattr(recording, "LONGEST_WRITE_SECONDS", 2.2)
    other = create_engine(shop.app.config["SQLALCHEMY_DATABASE_URI"])
    is_in_turn = threading.Event()

    def press():
        with shop.app.app_context(), suppress(database.NoTurn):
            monkeypatch.setattr(database, "_begin", lambda session: is_in_turn.set() or begin(session))
            with database.transaction():
                raise AssertionError("The lock keeps nobody out.")

    begin, person = database._begin, threading.Thread(target=press)
    with other.connect() as connection:
        connection.exec_driver_sql("BEGIN EXCLUSIVE")
        person.start()
        assert is_in_turn.wait(20)
        time.sleep(0.6)  # come together, they give up together
        began = time.monotonic()

        refused = shop.post(webhook(text("سلام", utc_now())))
        took = time.monotonic() - began

    other.dispose()
    person.join(20)
    assert refused.status_code == 503
    assert took < 3.2  # and not both waits, one after the other: four


def test_what_a_lock_costs_is_less_than_the_providers_patience():
    """As delivered: the tests above and below wait less. Meta has five seconds."""
    assert database.LOCK_WAIT_SECONDS < recording.LONGEST_WRITE_SECONDS < 5


@pytest.fixture
def tight(shop):
    """Within it there is room for a few pages: a hundred posts do not fit. SQLite says the same for a full disk as for its
    own limit of pages, which needs no disk to fill."""

    @contextmanager
    def tighten():
        db.session.remove()
        whole = db.engine.raw_connection()
        whole.driver_connection.execute("VACUUM")  # what earlier tests left free would be filled first
        (pages,) = whole.driver_connection.execute("PRAGMA page_count").fetchone()
        whole.close()

        def fill(dbapi_connection, *_):
            dbapi_connection.execute(f"PRAGMA max_page_count={pages + 4}")

        event.listen(db.engine, "connect", fill)
        db.session.remove()
        db.engine.dispose()
        yield
        event.remove(db.engine, "connect", fill)
        db.session.remove()
        db.engine.dispose()

    yield tighten
    refusals.forget()


@pytest.mark.sqlite_only
def test_c6_a_full_disk_is_a_503_and_everything_goes_on_when_there_is_room_again(shop, tight):
    body = webhook(text("سلام", utc_now()))
    large = webhook(text("ب" * 900, utc_now(), mid="large"))
    with tight():
        answers = list(until_refused(shop, large))
        answers += [shop.post(large).status_code for _ in range(3)]
        kept = len(webhooks())
        shop.work()

    sweep(utc_now() + seconds(60))
    shop.work()
    assert {row.state for row in webhooks()} == {WebhookState.READ}  # workers outlive it, and come back
    assert len(db.session.scalars(db.select(Message).filter_by(external_id="large")).all()) == 1
    assert set(answers) == {200, 503}
    assert answers.count(200) == kept  # each 200 is on the disk, each 503 is not
    assert db.session.execute(sql("PRAGMA integrity_check")).scalar() == "ok"
    assert shop.post(body).status_code == 200


@pytest.fixture
def small_disk(tmp_path):
    """A file system of a few mebibytes, where one may be mounted."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if os.geteuid() or not shutil.which("mount"):
        pytest.skip("Only root mounts a file system.")
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=12m", "none", folder], capture_output=True).returncode:
        pytest.skip("No file system can be mounted here.")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)
    refusals.forget()


@pytest.mark.whole
@pytest.mark.sqlite_only
def test_so_is_one_that_somebody_else_has_filled_to_its_last_byte(small_disk, make_settings, graph, model):
    """A real one: SQLite's own limit of pages, above, leaves its log of changes room that is not there here."""
    body = webhook(text("سلام", utc_now(), mid="large"))
    app = create_app(make_settings(database_url=f"sqlite:///{small_disk / 'pilito.sqlite3'}"))
    with app.app_context():
        upgrade(directory=str(ROOT / "migrations"))
        shop = Shop(app, graph, model, TEST_SECRET)
        shop.post(body)
        with (small_disk / "log").open("wb", buffering=0) as others, suppress(OSError):
            while True:
                others.write(bytes(4096))

        refused = {shop.post(body).status_code for _ in range(3)}
        told, kept = readiness_of(shop), len(webhooks())
        shop.work(keys.RECEIVE)
        (small_disk / "log").unlink()
        taken = shop.post(body).status_code
        sweep(utc_now() + seconds(60))
        shop.work(keys.RECEIVE)

        assert (refused, kept, taken) == ({503}, 1, 200)
        assert "disk is full" in told
        assert {row.state for row in webhooks()} == {WebhookState.READ}
        assert len(db.session.scalars(db.select(Message)).all()) == 1
        assert db.session.execute(sql("PRAGMA integrity_check")).scalar() == "ok"
        assert readiness_of(shop) == "ok"
        db.session.remove()
        db.engine.dispose()


def until_refused(shop, body):
    """What is answered, the first 503 included."""
    for _ in range(100):
        status = shop.post(body).status_code
        yield status
        if status == 503:
            return


def readiness_of(shop):
    return shop.client.get("/readyz").json["checks"]["writing"]


@pytest.mark.sqlite_only
def test_a_full_disk_is_not_ready_until_a_write_is_taken(shop, tight):
    large = webhook(text("ب" * 900, utc_now(), mid="large"))
    before = readiness_of(shop)
    with tight():
        *_, refused = until_refused(shop, large)
        full = shop.client.get("/readyz")
    without_a_try = readiness_of(shop)
    taken = shop.post(webhook(text("سلام", utc_now())))

    assert before == "ok"
    assert refused == full.status_code == 503
    assert "disk is full" in full.json["checks"]["writing"]
    assert full.json["checks"]["database"] == "ok"  # who only asks is answered
    assert "disk is full" in without_a_try
    assert (taken.status_code, readiness_of(shop)) == (200, "ok")


@pytest.mark.sqlite_only
def test_where_nothing_comes_any_more_a_write_is_tried_after_a_while(shop, tight, monkeypatch):
    large = webhook(text("ب" * 900, utc_now(), mid="large"))
    with tight():
        assert 503 in until_refused(shop, large)
    monkeypatch.setattr("pilito.blueprints.health.TRY_AGAIN_SECONDS", 0)

    assert readiness_of(shop) == "ok"


def test_a_database_that_may_not_be_written_stays_unready_however_often_it_is_tried(shop, database_kind, monkeypatch):
    """As after a switch to a PostgreSQL that stands by."""
    monkeypatch.setattr("pilito.blueprints.health.TRY_AGAIN_SECONDS", 0)

    def forbid(connection, *_):
        if database_kind == "sqlite":
            connection.execute("PRAGMA query_only=1")
        else:
            connection.execute("SET default_transaction_read_only = on")
            connection.commit()

    event.listen(db.engine, "connect", forbid)
    db.session.remove()
    db.engine.dispose()
    refused = shop.post(webhook(text("سلام", utc_now()))).status_code
    told = [readiness_of(shop) for _ in range(2)]
    event.remove(db.engine, "connect", forbid)
    db.session.remove()
    db.engine.dispose()

    assert refused == 503
    assert all("read-only" in one for one in told)
    assert readiness_of(shop) == "ok"


@pytest.mark.sqlite_only
def test_a_lock_is_no_refusal(shop, monkeypatch):
    """Somebody else writes, and so it is taken."""
    monkeypatch.setattr(database, "LOCK_WAIT_SECONDS", 0.05)
    other = create_engine(shop.app.config["SQLALCHEMY_DATABASE_URI"])
    with other.connect() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        refused = shop.post(webhook(text("سلام", utc_now()))).status_code
        told = readiness_of(shop)
    other.dispose()

    assert (refused, told) == (503, "ok")


@pytest.mark.sqlite_only
def test_a_database_that_is_gone_is_a_503(make_shop, monkeypatch):
    shop = make_shop()
    db.session.remove()
    db.engine.dispose()
    monkeypatch.setattr(db.engine.pool, "_creator", _refuse, raising=False)
    monkeypatch.setattr(db.engine.dialect, "connect", _refuse)

    assert shop.post(webhook(text("سلام", utc_now()))).status_code == 503


def _refuse(*_args, **_options):
    import sqlite3

    raise sqlite3.OperationalError("unable to open database file")


@pytest.mark.sqlite_only
def test_c1_redis_away_costs_no_event_and_little_time(make_shop):
    shop = make_shop()
    shop.app.extensions["pilito_redis"].connection_pool.connection_kwargs["path"] = "/nowhere/redis.sock"
    shop.app.extensions["pilito_redis"].connection_pool.disconnect()
    started = time.monotonic()

    answer = shop.post(webhook(text("سلام", utc_now())))

    assert answer.status_code == 200
    assert time.monotonic() - started < 4.5  # Meta waits for five
    assert len(webhooks()) == 1


@pytest.mark.sqlite_only
def test_an_unknown_channel_is_not_found(client):
    assert client.post("/webhooks/pigeon", data=b"{}").status_code == 404


@pytest.mark.sqlite_only
def test_every_captured_body_is_received_without_loss_and_its_messages_are_shown_by_the_api(shop):
    """Through the real route and the real queue: stored byte for byte, each item with one outcome, none lost; what is a
    message to a connected account can be listed."""
    from pilito.conversations.connect import connect
    from pilito.lifecycle import AssistantMode
    from pilito.tokens import issue_token

    parse = shop.app.extensions["pilito_channels"]["instagram"].parse
    accounts = {getattr(one, "account_id", None) for body in BODIES.values() for one in parse(body, utc_now())}
    for account in filter(None, accounts):
        connect("instagram", "shop", account, "a-token", {}, AssistantMode.AUTO, utc_now())

    for name, body in BODIES.items():
        assert shop.post(body).status_code == 200, name
    assert [row.body for row in webhooks()] == list(BODIES.values())  # until an unsend takes words back
    shop.work(keys.RECEIVE)

    rows = webhooks()
    assert {row.state for row in rows} <= {WebhookState.READ, WebhookState.FAILED}
    with_outcome = set(db.session.scalars(db.select(Event.webhook_id)))
    assert [name for row, name in zip(rows, BODIES, strict=True) if row.id not in with_outcome] == []
    bugs = db.session.scalars(db.select(Event.reason).where(Event.reason.like("%Error:%"))).all()
    assert bugs == []
    stored = db.session.scalars(db.select(Event).filter_by(outcome=EventOutcome.STORED, kind="message")).all()
    assert len(stored) > 40
    assert {event.message_id for event in stored} <= set(listed(shop, issue_token("a test", utc_now())))


def listed(shop, token):
    """The messages of all conversations, as the API lists them."""
    bearer = {"Authorization": f"Bearer {token}"}
    for conversation in shop.client.get("/api/v1/conversations?limit=200", headers=bearer).json["data"]:
        address = f"/api/v1/conversations/{conversation['id']}/messages?limit=200"
        yield from (message["id"] for message in shop.client.get(address, headers=bearer).json["data"])


@pytest.mark.sqlite_only
def test_a_shares_own_account_is_found_among_several(make_shop):
    from pilito.conversations.connect import connect
    from pilito.lifecycle import AssistantMode

    shop = make_shop()
    other_id = connect("instagram", "another shop", "17841400000000009", "a-token", {}, AssistantMode.AUTO, utc_now())
    now = utc_now()
    body = {
        "object": "instagram",
        "entry": [
            {"id": ACCOUNT, "time": 1, "messaging": [reel(now - seconds(5), mid="here")]},
            {
                "id": "17841400000000009",
                "time": 1,
                "messaging": [text("سلام", now, account="17841400000000009", mid="there")],
            },
        ],
    }

    shop.post(body)
    shop.work(keys.RECEIVE)

    found = {message.external_id: message.inbox_id for message in Message.query}
    assert found == {"here": shop.inbox_id, "there": other_id}
