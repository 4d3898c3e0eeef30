"""Alive, ready, and the numbers."""

from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families
from rows import (
    NOON,
    FreshClient,
    add,
    add_answer,
    add_conversation,
    add_delivery,
    add_message,
    add_share,
    add_turn,
    add_webhook,
    record_statements,
)
from rq import SimpleWorker
from rq.serializers import JSONSerializer
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from pilito import create_app, hints, keys
from pilito.blueprints import health
from pilito.database import transaction
from pilito.factory import bind_services
from pilito.hints import JsonJob
from pilito.lifecycle import DeliveryState, EventOutcome, Sender, ShareState, TurnState, WebhookState
from pilito.models import Webhook
from pilito.tokens import issue_token


@pytest.fixture
def client(app):
    return FreshClient(app)


@pytest.fixture
def redis(app):
    return app.extensions["pilito_redis"]


@pytest.fixture
def redis_away(app, make_settings, free_port):
    bind_services(app, make_settings(redis_url=f"redis://127.0.0.1:{free_port}/0"))


@pytest.fixture
def database_away(monkeypatch):
    def fail(*_args, **_options):
        raise OperationalError("SELECT 1", {}, Exception("password=hunter2"))

    monkeypatch.setattr(Session, "execute", fail)
    monkeypatch.setattr(Session, "scalar", fail)


def start_workers(app, *queue_names):
    """Tell Redis of a worker per queue, as the real ones do at their start."""
    with app.app_context():
        for name in queue_names:
            queue = hints.queue(name)
            SimpleWorker(
                [queue], connection=queue.connection, job_class=JsonJob, serializer=JSONSerializer
            ).register_birth()


def scrape(client, **options):
    """Return the samples of /metrics by (name, labels)."""
    text = client.get("/metrics", **options).text
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


# --- alive -----------------------------------------------------------------------------------------------------------


@pytest.mark.sqlite_only
def test_a_process_is_alive_though_database_and_redis_are_away(client, database_away, redis_away):
    assert client.get("/healthz").status_code == 200


# --- ready -----------------------------------------------------------------------------------------------------------


def test_it_is_ready_when_everything_runs(app, client, redis):
    start_workers(app, *keys.QUEUES)
    redis.set(keys.SCHEDULER_BEAT, "1")

    response = client.get("/readyz")

    assert response.get_json() == {
        "ready": True,
        "checks": dict.fromkeys(("database", "migrations", "writing", "redis", "workers", "scheduler"), "ok"),
    }
    assert response.status_code == 200


@pytest.mark.sqlite_only
def test_a_queue_without_a_worker_is_named_with_what_to_do(app, client):
    start_workers(app, *keys.QUEUES[1:])

    response = client.get("/readyz")

    reason = response.get_json()["checks"]["workers"]
    assert response.status_code == 503
    assert f"No worker serves {keys.QUEUES[0]}:" in reason
    assert "flask worker" in reason


@pytest.mark.sqlite_only
def test_a_worker_that_ended_serves_nothing(app, client, redis):
    start_workers(app, *keys.QUEUES)
    for key in redis.scan_iter("rq:worker:*"):
        redis.delete(key)

    assert "No worker serves" in client.get("/readyz").get_json()["checks"]["workers"]


@pytest.mark.sqlite_only
def test_a_scheduler_without_a_sign_of_life_is_told(app, client):
    start_workers(app, *keys.QUEUES)

    response = client.get("/readyz")

    assert response.status_code == 503
    assert "flask scheduler" in response.get_json()["checks"]["scheduler"]


def test_tables_of_another_version_are_told(client, monkeypatch):
    monkeypatch.setattr(health, "newest_revision", lambda: "9999")

    response = client.get("/readyz")

    assert response.status_code == 503
    assert "flask db upgrade" in response.get_json()["checks"]["migrations"]


def test_tables_that_a_newer_version_has_migrated_already_are_no_reason_to_be_taken_away(client, monkeypatch):
    monkeypatch.setattr(health, "newest_revision", lambda: "0001")

    assert client.get("/readyz").get_json()["checks"]["migrations"] == "ok"


@pytest.mark.sqlite_only
def test_redis_away_is_told_in_words(client, redis_away):
    response = client.get("/readyz")

    checks = response.get_json()["checks"]
    assert response.status_code == 503
    assert checks["database"] == "ok"
    assert "REDIS_URL" in checks["redis"]
    assert "Not known" in checks["workers"]


def test_a_database_away_is_told_in_words_and_without_its_secrets(client, database_away):
    response = client.get("/readyz")

    checks = response.get_json()["checks"]
    assert response.status_code == 503
    assert "DATABASE_URL" in checks["database"]
    assert "Not known" in checks["migrations"]
    assert "hunter2" not in response.text


# --- numbers ---------------------------------------------------------------------------------------------------------


@pytest.mark.sqlite_only
def test_every_metric_of_the_contract_is_there_before_the_first_message(client):
    names = {name for name, *_labels in scrape(client)}

    assert names >= {
        "pilito_share_messages_total",
        "pilito_share_timeouts_total",
        "pilito_share_combined_total",
        "pilito_pending_share_cache_hits_total",
        "pilito_pending_share_cache_misses_total",
        "pilito_replies_total",
        "pilito_reply_seconds_count",
        "pilito_model_seconds_count",
        "pilito_model_tokens_total",
        "pilito_queue_depth",
        "pilito_queue_oldest_seconds",
    }


def test_the_numbers_are_those_of_the_database(app, client):
    with app.app_context(), transaction():
        row = add_conversation()
        add_share(row, ShareState.EXPIRED)
        add_share(row, ShareState.COMBINED, found_in_cache=True)
        add_share(row, ShareState.COMBINED, found_in_cache=False)
        add_webhook(WebhookState.READ, (EventOutcome.STORED, EventOutcome.DUPLICATE))
        add_answer(row, seconds=4.0, model_milliseconds=600)
        add_delivery(add_message(row, sender=Sender.OPERATOR), DeliveryState.FAILED)
        add_turn(row, TurnState.HANDED_OVER)

    shown = scrape(client)

    assert shown[("pilito_share_messages_total",)] == 3
    assert shown[("pilito_share_timeouts_total",)] == 1
    assert shown[("pilito_share_combined_total",)] == 2
    assert shown[("pilito_pending_share_cache_hits_total",)] == 1
    assert shown[("pilito_pending_share_cache_misses_total",)] == 1
    assert shown[("pilito_events_total", "instagram", "stored")] == 1
    assert shown[("pilito_events_total", "duplicate", "instagram")] == 1
    assert shown[("pilito_replies_total", "assistant")] == 1
    assert shown[("pilito_replies_total", "operator")] == 1
    assert shown[("pilito_replies_total", "handed_over")] == 1
    assert shown[("pilito_deliveries_total", "instagram", "sent")] == 1
    assert shown[("pilito_deliveries_total", "failed", "instagram")] == 1
    assert shown[("pilito_reply_seconds_bucket", "2.5")] == 0
    assert shown[("pilito_reply_seconds_bucket", "5.0")] == 1
    assert shown[("pilito_reply_seconds_bucket", "+Inf")] == 1
    assert shown[("pilito_reply_seconds_sum",)] == pytest.approx(4.0, abs=0.01)
    assert shown[("pilito_model_seconds_bucket", "0.5")] == 0
    assert shown[("pilito_model_seconds_bucket", "1.0")] == 1
    assert shown[("pilito_model_tokens_total", "input")] == 100


@pytest.mark.sqlite_only
def test_another_process_shows_the_same_numbers(app, client, settings):
    with app.app_context(), transaction():
        add_answer(add_conversation(), seconds=4.0)
    before = scrape(client)

    after = scrape(FreshClient(create_app(settings)))

    assert after == before


@pytest.mark.sqlite_only
def test_a_queue_shows_its_depth_and_how_long_its_next_job_waits(app, client, redis):
    with app.app_context():
        hints.hint(keys.REPLIES, keys.ANSWER_JOB, 1)
        first = hints.queue(keys.REPLIES).get_job_ids()[0]
        hints.hint(keys.REPLIES, keys.ANSWER_JOB, 2)
    an_age_ago = (datetime.now(UTC) - timedelta(seconds=90)).isoformat().replace("+00:00", "Z")
    redis.hset(JsonJob.key_for(first), "enqueued_at", an_age_ago)

    shown = scrape(client)

    assert shown[("pilito_queue_depth", keys.REPLIES)] == 2
    assert shown[("pilito_queue_oldest_seconds", keys.REPLIES)] == pytest.approx(90, abs=5)
    assert shown[("pilito_queue_depth", keys.RECEIVE)] == 0
    assert shown[("pilito_queue_oldest_seconds", keys.RECEIVE)] == 0


def test_what_waits_to_be_read_are_the_webhooks_however_few_jobs_there_are(app, client):
    now = datetime.now(UTC)
    with app.app_context(), transaction():
        for age, state in ((90, WebhookState.PENDING), (30, WebhookState.PENDING), (500, WebhookState.READ)):
            add(Webhook(channel="instagram", received_at=now - timedelta(seconds=age), body=b"{}", state=state))

    shown = scrape(client)

    assert shown[("pilito_queue_depth", keys.RECEIVE)] == 2
    assert shown[("pilito_queue_oldest_seconds", keys.RECEIVE)] == pytest.approx(90, abs=20)


@pytest.mark.sqlite_only
def test_signals_are_counted_by_what_became_of_them(client, redis):
    redis.hset(keys.SIGNALS_COUNT, "typing:sent", 3)

    assert scrape(client)[("pilito_signals_total", "sent", "typing")] == 3


@pytest.mark.sqlite_only
def test_a_job_that_vanished_from_redis_does_not_break_the_numbers(app, client, redis):
    redis.rpush(f"rq:queue:{keys.REPLIES}", "gone")

    shown = scrape(client)

    assert shown[("pilito_queue_depth", keys.REPLIES)] == 1
    assert shown[("pilito_queue_oldest_seconds", keys.REPLIES)] == 0


@pytest.mark.sqlite_only
def test_redis_away_leaves_the_numbers_of_the_database(client, redis_away):
    names = {name for name, *_labels in scrape(client)}

    assert "pilito_share_messages_total" in names
    assert "pilito_queue_depth" not in names


def test_a_database_away_is_a_failed_scrape_not_a_page_of_zeros(client, database_away):
    response = client.get("/metrics")

    assert response.status_code == 503
    assert "pilito_" not in response.text


@pytest.mark.sqlite_only
def test_a_scrape_costs_the_same_number_of_queries_however_much_there_is(app, client):
    statements = record_statements()
    client.get("/metrics")
    empty = len(statements)
    with app.app_context(), transaction():
        row = add_conversation()
        for _ in range(20):
            add_answer(row, seconds=1)
    statements.clear()

    client.get("/metrics")

    assert len(statements) == empty


# --- who may see them ------------------------------------------------------------------------------------------------


@pytest.mark.sqlite_only
def test_a_stranger_sees_no_numbers(client):
    response = client.get("/metrics", environ_base={"REMOTE_ADDR": "203.0.113.9"})

    assert response.status_code == 403
    assert "pilito_" not in response.text


@pytest.mark.sqlite_only
@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1"])
def test_a_prometheus_on_this_machine_sees_them(client, address):
    assert client.get("/metrics", environ_base={"REMOTE_ADDR": address}).status_code == 200


@pytest.mark.sqlite_only
@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Real-IP", "Forwarded", "Via"])
def test_a_stranger_behind_a_proxy_on_this_machine_does_not(client, header):
    assert client.get("/metrics", headers={header: "203.0.113.9"}).status_code == 403


@pytest.mark.sqlite_only
def test_a_client_of_a_socket_has_no_address_and_sees_nothing(client):
    assert client.get("/metrics", environ_base={"REMOTE_ADDR": ""}).status_code == 403


@pytest.mark.sqlite_only
def test_a_token_opens_them_from_anywhere_and_a_wrong_one_does_not(app, client):
    with app.app_context():
        token = issue_token("prometheus", NOON)

    answers = [
        client.get(
            "/metrics", headers={"Authorization": f"Bearer {given}"}, environ_base={"REMOTE_ADDR": "203.0.113.9"}
        )
        for given in (token, token + "x")
    ]

    assert [answer.status_code for answer in answers] == [200, 403]
