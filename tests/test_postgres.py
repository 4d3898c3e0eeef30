"""C3, C4: whoever waits for PostgreSQL is told within a few seconds, whatever keeps it: a lock, a freeze, a lost line."""

import logging
import runpy
import time
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
from rows import add_conversation, add_media
from shop import seconds, text, webhook
from sqlalchemy import create_engine, select
from sqlalchemy import text as sql
from sqlalchemy.exc import OperationalError

from pilito import database, patience, postgres
from pilito.clock import utc_now
from pilito.config import ROOT
from pilito.conversations.retake import TRIES, retake
from pilito.conversations.sweep import sweep
from pilito.database import NoTurn, transaction
from pilito.jobs.periodic import sweep_unfinished
from pilito.lifecycle import ConversationState, MediaKind, MediaState, WebhookState
from pilito.models import Conversation, Event, Inbox, Message, Webhook, db

LOCK_SECONDS = 0.2
SOON = 3.0  # on a machine that is busy with other tests


@pytest.fixture
def shop(database_kind, make_shop, monkeypatch):
    """On PostgreSQL, and of little patience."""
    if database_kind == "sqlite":
        pytest.skip("SQLite has one lock, and another test.")
    shop = make_shop()
    monkeypatch.setattr(database, "LOCK_WAIT_SECONDS", LOCK_SECONDS)
    db.session.remove()
    db.engine.dispose()
    yield shop
    db.session.remove()
    db.engine.dispose()


@contextmanager
def locked(shop, table):
    """Somebody who alters the table, and does not end."""
    other = create_engine(shop.app.config["SQLALCHEMY_DATABASE_URI"])
    with other.connect() as connection:
        connection.execute(sql(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE"))
        yield
    other.dispose()


def rows(model):
    db.session.rollback()
    return db.session.scalars(db.select(model).execution_options(populate_existing=True)).all()


def test_c3_a_locked_ledger_is_a_503_in_time_and_never_a_false_200(shop):
    body = webhook(text("سلام", utc_now()))
    with locked(shop, "webhook"):
        began_at = time.monotonic()
        refused = [shop.post(body) for _ in range(2)]
        took = time.monotonic() - began_at

    assert [one.status_code for one in refused] == [503, 503]
    assert took < 2 * LOCK_SECONDS + SOON
    assert rows(Webhook) == []
    assert shop.post(body).status_code == 200


def test_c3_a_worker_that_finds_a_table_locked_leaves_nothing_half_done_and_answers_later(shop):
    shop.post(webhook(text("این چنده؟", utc_now())))
    with locked(shop, "message"):
        shop.work()
        sweep_unfinished()
        shop.work()

    assert (rows(Event), rows(Message)) == ([], [])
    assert [one.state for one in rows(Webhook)] == [WebhookState.PENDING]
    sweep(utc_now() + seconds(60))
    shop.work()
    assert len(shop.graph.sent) == 1


def test_c3_no_event_is_given_up_because_a_table_was_locked_for_long(shop):
    """`VACUUM FULL message` takes its minutes: the readings that begin meanwhile say nothing of what they were to read."""
    shop.post(webhook(text("این چنده؟", utc_now())))
    [row] = rows(Webhook)
    with locked(shop, "message"):
        for _ in range(TRIES + 1):
            with pytest.raises(NoTurn):
                retake(row.id, utc_now())

    retake(row.id, utc_now())
    assert [one.state for one in rows(Webhook)] == [WebhookState.READ]


def test_c3_a_row_that_somebody_holds_keeps_its_own_kind_waiting_and_no_other(shop, caplog):
    at = utc_now() - seconds(60)
    with transaction():
        inbox = db.session.get_one(Inbox, shop.inbox_id)
        talk = add_conversation(inbox, state=ConversationState.OPERATOR, snoozed_until=at)
        add_media(shop.inbox_id, MediaKind.IMAGE, state=MediaState.PENDING, due_at=at)
        held = select(Conversation).where(Conversation.id == talk.id).with_for_update()
    db.session.rollback()

    with caplog.at_level(logging.INFO), db.engine.connect() as somebody:
        somebody.execute(held)
        found = sweep(utc_now())

    assert {kind: count for kind, count in found.items() if count} == {"media": 1}
    assert [one.snoozed_until for one in rows(Conversation)] == [at]
    assert "somebody holds" in caplog.text
    assert sweep(utc_now())["returned"] == 1


def settings_of(engine, *names):
    with engine.connect() as connection:
        return [connection.scalar(sql(f"SHOW {name}")) for name in names]


def test_a_lock_is_waited_for_so_long_and_a_statement_of_the_web_too(shop, monkeypatch):
    assert settings_of(db.engine, "lock_timeout", "statement_timeout") == ["200ms", "0"]

    db.engine.dispose()
    monkeypatch.setattr(patience, "_is_in_a_hurry", True)

    assert settings_of(db.engine, "lock_timeout", "statement_timeout") == ["200ms", "30s"]


def test_what_the_address_says_itself_is_kept(shop):
    own = db.engine.url.update_query_dict({"options": "-c lock_timeout=9s -c work_mem=1MB", "connect_timeout": "7"})
    engine = create_engine(own)
    database.set_up_engine(engine)

    assert settings_of(engine, "lock_timeout", "work_mem") == ["9s", "1MB"]
    with engine.connect() as connection:
        line = connection.connection.driver_connection.info
        assert line.get_parameters()["connect_timeout"] == "7"
        assert line.get_parameters()["tcp_user_timeout"] == "15000"
    engine.dispose()


def test_a_statement_without_an_end_is_given_up_and_its_line_with_it(shop):
    began_at = time.monotonic()

    with pytest.raises(OperationalError, match="silent"), patience.within(0.2):
        db.session.execute(sql("SELECT pg_sleep(60)"))

    assert time.monotonic() - began_at < SOON
    db.session.rollback()
    assert db.session.scalar(sql("SELECT 1")) == 1


def test_c4_after_all_lines_were_ended_the_very_first_webhook_is_taken(shop):
    shop.post(webhook(text("سلام", utc_now())))
    db.session.rollback()
    assert db.engine.pool.checkedin() > 0
    other = create_engine(shop.app.config["SQLALCHEMY_DATABASE_URI"])
    with other.connect() as connection:
        ours = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        ended = connection.scalars(sql(f"SELECT pg_terminate_backend(pid, 5000) FROM ({ours}) AS ours")).all()
    other.dispose()

    answer = shop.post(webhook(text("این چنده؟", utc_now())))

    assert ended
    assert answer.status_code == 200
    assert len(rows(Webhook)) == 2


def test_a_line_that_is_asked_for_when_the_time_is_over_is_not_opened(shop):
    db.engine.dispose()

    with pytest.raises(OperationalError, match="No time"), patience.within(0.0):
        db.session.execute(sql("SELECT 1"))

    db.session.rollback()
    assert db.session.scalar(sql("SELECT 1")) == 1
    assert postgres.PING_SECONDS + postgres.LINE["connect_timeout"] < 5  # a provider's patience


def test_a_web_process_is_in_a_hurry(monkeypatch, app):
    """By the configuration that it is delivered with; workers and commands are not."""
    monkeypatch.setattr(patience, "_is_in_a_hurry", False)
    for name in ("logs.set_up_logs", "reporting.set_up_reporting", "reporting.instrument", "config.load_settings"):
        monkeypatch.setattr(f"pilito.{name}", lambda *_args: None)
    configuration = runpy.run_path(str(ROOT / "deploy" / "gunicorn.conf.py"))

    configuration["post_worker_init"](SimpleNamespace(wsgi=app, age=2))

    assert patience.is_in_a_hurry()
