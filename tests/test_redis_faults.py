"""C2: a Redis that is full, that takes no writes, or that answers late, costs no question and no false refusal."""

import os
import signal
import time

import pytest
from shop import seconds, text, webhook

from pilito.blueprints import throttle
from pilito.clock import utc_now
from pilito.conversations import sweep
from pilito.models import Webhook, db

pytestmark = pytest.mark.sqlite_only  # what is tried is Redis


@pytest.fixture
def redis(shop):
    return shop.app.extensions["pilito_redis"]


@pytest.fixture
def set_up(redis):
    """Change a setting of the server for the test alone."""
    before = {}

    def change(**settings):
        for name, value in ((name.replace("_", "-"), value) for name, value in settings.items()):
            before.setdefault(name, redis.config_get(name)[name])
            redis.config_set(name, value)

    yield change
    for name, value in before.items():
        redis.config_set(name, value)


def restore(set_up):
    set_up(maxmemory=0, min_replicas_to_write=0)


def ask(shop):
    return shop.post(webhook(text("این چنده؟", utc_now(), mid="once"))).status_code


def sweep_and_work(shop):
    for _ in range(3):
        sweep.sweep(utc_now() + sweep.GRACE + seconds(1))
        shop.work()


def webhooks():
    db.session.rollback()
    return db.session.scalar(db.select(db.func.count(Webhook.id)))


FAULTS = [{"maxmemory": 1, "maxmemory_policy": "noeviction"}, {"min_replicas_to_write": 1}]


@pytest.mark.parametrize("fault", FAULTS)
def test_c2_what_a_full_or_read_only_redis_does_not_take_is_on_the_ledger_and_is_answered_afterwards(
    shop, redis, set_up, fault
):
    set_up(**fault)
    with pytest.raises(Exception, match="maxmemory|NOREPLICAS"):
        redis.set("pilito:anything", "x" * 1000)

    taken = ask(shop)
    sweep.sweep(utc_now() + sweep.GRACE + seconds(1))  # finds it, and can ask nobody

    assert taken == 200
    assert webhooks() == 1
    assert shop.graph.sent == []
    restore(set_up)
    sweep_and_work(shop)
    assert len(shop.graph.sent) == 1


def test_c2_a_redis_that_answers_late_holds_no_webhook_up_beyond_the_providers_patience(shop, redis_client):
    server = redis_client.info("server")["process_id"]
    os.kill(server, signal.SIGSTOP)  # its answers come when we say so: whoever waits for one waits for ever
    try:
        begun = time.monotonic()
        taken = ask(shop)
        took = time.monotonic() - begun
    finally:
        os.kill(server, signal.SIGCONT)

    assert taken == 200
    assert took < 4.5
    assert webhooks() == 1
    sweep_and_work(shop)
    assert len(shop.graph.sent) == 1


@pytest.mark.parametrize("fault", FAULTS)
def test_c2_a_redis_that_counts_no_tries_keeps_nobody_out_and_lets_nobody_guess(shop, set_up, fault):
    set_up(**fault)

    with shop.app.test_request_context():
        tries = [throttle.may_try("sara@shop.test") for _ in range(6)]

    assert tries == [True] * 4 + [False] * 2  # the half that is one of two processes'
