"""Kill -9 PostgreSQL while a share waits and while the model answers: nothing is lost, nothing comes twice. And freeze it:
nobody waits for long."""

import os
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
from flask_migrate import upgrade
from postgres import BINARIES, OwnPostgres, wait_for, wait_for_postgres
from shop import Shop, reel, text, webhook
from sqlalchemy import create_engine
from sqlalchemy import text as sql

from pilito import create_app
from pilito.clock import utc_now
from pilito.config import ROOT
from pilito.conversations import record
from pilito.models import db

pytestmark = [
    pytest.mark.whole,
    pytest.mark.sqlite_only,  # which is that of the fixtures; the test brings its own server
    pytest.mark.timeout(180),
    pytest.mark.skipif(not BINARIES, reason="No PostgreSQL is installed."),
]

LONE, ASKING, CUT_OFF = "600000000000011", "600000000000012", "600000000000013"
PATIENCE_SECONDS = 60  # a lease of 15 s and a sweep, on a machine that is busy with other tests


@pytest.fixture(scope="module")
def postgres():
    postgres = OwnPostgres()
    postgres.start()
    yield postgres
    postgres.stop()


@pytest.fixture
def shop(postgres, make_settings, redis_client, graph, model, graph_line, model_line, tmp_path):
    """A shop whose worker and scheduler are processes of their own; the web server is the test's."""
    graph_line.fake, model_line.fake = graph, model
    settings = make_settings(
        database_url=postgres.url,
        instagram_graph_url=graph_line.url,
        openai_base_url=model_line.url,
        share_wait_seconds=4,
        worker_concurrency=2,
    )
    redis_client.flushall()
    app = create_app(settings)
    with app.app_context():
        wait_for_postgres(postgres.url)
        upgrade(directory=str(ROOT / "migrations"))
        shop = Shop(app, graph, model, settings.instagram_app_secret[0])
        processes = [start(name, settings, tmp_path) for name in ("worker", "scheduler")]
        yield shop
        for process in processes:
            process.kill()
            process.wait(10)
        db.session.remove()
        db.engine.dispose()
    redis_client.flushall()


def environment(settings, folder):
    own = {
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "SECRET_KEY": settings.secret_key,
        "ENCRYPTION_KEYS": ",".join(settings.encryption_keys),
        "INSTAGRAM_APP_SECRET": ",".join(settings.instagram_app_secret),
        "INSTAGRAM_VERIFY_TOKEN": settings.instagram_verify_token,
        "INSTAGRAM_GRAPH_URL": settings.instagram_graph_url,
        "OPENAI_API_KEY": settings.openai_api_key,
        "OPENAI_BASE_URL": settings.openai_base_url,
        "SHARE_WAIT_SECONDS": str(settings.share_wait_seconds),
        "REPLY_QUIET_SECONDS": str(settings.reply_quiet_seconds),
        "WORKER_CONCURRENCY": str(settings.worker_concurrency),
        "PILITO_VAR": str(folder / "var"),
    }
    return {**os.environ, **own}


def start(name, settings, folder):
    flask = str(Path(sys.executable).with_name("flask"))
    return subprocess.Popen(
        [flask, name],
        cwd=ROOT,
        env=environment(settings, folder),
        stdout=(folder / f"{name}.log").open("w"),
        stderr=subprocess.STDOUT,
    )


def rows(statement):
    db.session.rollback()
    return [tuple(row) for row in db.session.execute(db.text(statement))]


def got(graph, customer):
    return len([one for one in graph.sent if one["to"] == customer])


def test_nothing_is_lost_or_doubled_when_postgresql_is_killed_in_a_wait_and_in_an_answer(shop, postgres, graph, model):
    at_work = utc_now()
    second = timedelta(seconds=1)

    def die_meanwhile(payload):
        postgres.kill()
        return model.default(payload)

    model.script = [die_meanwhile]
    first = webhook(
        reel(at_work, customer=LONE),
        reel(at_work, customer=CUT_OFF),
        reel(at_work, customer=ASKING),
        text("این لباس چقدره؟", at_work + second, customer=ASKING),
    )
    late = webhook(text("این یکی چنده؟", at_work + second, customer=CUT_OFF))

    assert shop.post(first).status_code == 200
    wait_for(lambda: postgres.server.returncode is not None, PATIENCE_SECONDS)
    while_away = [shop.post(late).status_code for _ in range(3)]
    postgres.start_again()
    meanwhile = []
    wait_for(lambda: meanwhile.append(shop.post(late).status_code) or meanwhile[-1] == 200, PATIENCE_SECONDS)
    wait_for(lambda: got(graph, ASKING) and got(graph, CUT_OFF), PATIENCE_SECONDS)
    wait_for(lambda: not rows("SELECT 1 FROM share WHERE state = 'waiting'"), PATIENCE_SECONDS)
    wait_for(lambda: not rows("SELECT 1 FROM delivery WHERE state != 'sent'"), PATIENCE_SECONDS)
    time.sleep(1)  # longer than the model takes for an answer that was one too many

    assert while_away == [503, 503, 503]
    assert set(meanwhile) <= {503, 200}
    assert {customer: got(graph, customer) for customer in (ASKING, CUT_OFF, LONE)} == {ASKING: 1, CUT_OFF: 1, LONE: 0}
    assert rows("SELECT state, count(*) FROM share GROUP BY state ORDER BY state") == [("combined", 2), ("expired", 1)]
    assert rows("SELECT count(*) FROM message WHERE sender = 'customer'") == [(5,)]


def test_c3_a_server_that_is_frozen_is_a_503_in_time_and_a_200_when_it_thaws(
    postgres, make_settings, graph, model, monkeypatch
):
    wait_for_postgres(postgres.url)
    server = create_engine(postgres.url, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(sql("CREATE DATABASE frozen"))
    server.dispose()
    settings = make_settings(database_url=postgres.url.replace("/postgres?", "/frozen?"))
    app = create_app(settings)
    body = webhook(text("سلام", utc_now()))
    monkeypatch.setattr(record, "LONGEST_WRITE_SECONDS", 0.5)
    with app.app_context():
        db.create_all()
        shop = Shop(app, graph, model, settings.instagram_app_secret[0])
        before = shop.post(body).status_code
        db.session.rollback()
        with postgres.frozen():
            began_at = time.monotonic()
            frozen = shop.post(body).status_code
            took = time.monotonic() - began_at
        after = shop.post(body).status_code
        kept = rows("SELECT count(*) FROM webhook")
        db.session.remove()
        db.engine.dispose()

    assert (before, frozen, after) == (200, 503, 200)
    assert took < 0.5 + 3  # on a machine that is busy with other tests
    assert kept == [(2,)]
