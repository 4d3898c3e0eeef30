"""A reading that never comes to its end is begun again a few times, and then given to a person."""

import sqlite3
from contextlib import closing
from functools import partial

import pytest
from desk import Desk
from rows import NOON
from rq.timeouts import JobTimeoutException
from shop import seconds, text

from pilito import database
from pilito.conversations import receive as receiving
from pilito.conversations import retake as retaking
from pilito.conversations.read_again import read_again
from pilito.conversations.retake import LEASE_SECONDS, TRIES, retake
from pilito.conversations.sweep import GRACE
from pilito.doctor.accounts import look_at_ledger
from pilito.lifecycle import WebhookState
from pilito.models import Webhook, db


@pytest.fixture
def desk(shop):
    return Desk(shop)


def never_ends(monkeypatch):
    def time_out(*_args):
        raise JobTimeoutException("Task exceeded maximum timeout value")

    monkeypatch.setattr(receiving, "_become", time_out)


def sweep_for_an_hour(desk):
    """Return how often the sweep had the webhook read."""
    woken = 0
    for number in range(1, 61):
        now = NOON + seconds(60 * number)
        found = desk.sweep(now)["webhooks"]
        desk.app.extensions["pilito_redis"].flushall()  # a worker took it
        if found:
            woken += 1
            try:
                desk.call(retake, desk.rows(Webhook)[0].id, now)
            except JobTimeoutException:
                continue
    return woken


def test_a_reading_that_always_times_out_is_given_up_with_its_reason(desk, monkeypatch):
    webhook_id = desk.record(text("سلام", NOON))
    never_ends(monkeypatch)

    woken = sweep_for_an_hour(desk)

    webhook = desk.webhook(webhook_id)
    assert woken == TRIES + 1
    assert (webhook.state, webhook.attempts) == (WebhookState.FAILED, TRIES)
    assert "never came to its end" in webhook.error
    assert desk.sweep(NOON + seconds(7200))["webhooks"] == 0


@pytest.mark.sqlite_only
def test_a_reading_that_fails_once_is_finished_by_the_next(desk, monkeypatch):
    webhook_id = desk.record(text("سلام", NOON, mid="m"))
    with monkeypatch.context() as broken:
        never_ends(broken)
        with pytest.raises(JobTimeoutException):
            desk.call(retake, webhook_id, NOON + GRACE)

    desk.call(retake, webhook_id, NOON + GRACE + seconds(LEASE_SECONDS))

    assert desk.webhook(webhook_id).state is WebhookState.READ
    assert desk.message("m")


@pytest.mark.sqlite_only
def test_a_reading_that_waits_in_vain_for_its_turn_to_write_is_not_counted(desk, monkeypatch):
    webhook_id = desk.record(text("سلام", NOON, mid="m"))
    monkeypatch.setattr(database, "LOCK_WAIT_SECONDS", 0.05)

    def receive_beside_another_writer(webhook_id, now):
        with closing(sqlite3.connect(db.engine.url.database, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            receiving.receive(webhook_id, now)

    with monkeypatch.context() as busy:
        busy.setattr(retaking, "receive", receive_beside_another_writer)
        for number in range(TRIES + 2):
            with pytest.raises(database.NoTurn):
                desk.call(retake, webhook_id, NOON + GRACE + seconds(number))
    assert (desk.webhook(webhook_id).state, desk.webhook(webhook_id).attempts) == (WebhookState.PENDING, 0)

    desk.call(retake, webhook_id, NOON + GRACE + seconds(TRIES + 2))

    assert desk.message("m")


@pytest.mark.sqlite_only
def test_a_reading_that_is_under_way_is_neither_begun_again_nor_counted(desk):
    webhook_id = desk.record(text("سلام", NOON))
    desk.together(*[partial(retake_only_claim, webhook_id)] * 4)

    desk.call(retake_only_claim, webhook_id)

    assert desk.webhook(webhook_id).attempts == 1
    assert desk.sweep(NOON + GRACE + seconds(1))["webhooks"] == 0
    assert desk.sweep(NOON + GRACE + seconds(LEASE_SECONDS))["webhooks"] == 1


def retake_only_claim(webhook_id):
    from pilito.conversations.retake import _claim

    return _claim(webhook_id, NOON + GRACE)


@pytest.mark.sqlite_only
def test_a_webhook_that_is_read_at_once_is_not_counted_twice(desk):
    webhook_id = desk.take(text("سلام", NOON))

    desk.call(retake, webhook_id, NOON + seconds(60))

    assert desk.webhook(webhook_id).attempts == 1


@pytest.mark.sqlite_only
def test_the_doctor_names_what_was_given_up_and_a_replay_begins_anew(desk, monkeypatch):
    webhook_id = desk.record(text("سلام", NOON, mid="m"))
    with monkeypatch.context() as broken:
        never_ends(broken)
        sweep_for_an_hour(desk)
    (wrong,) = desk.call(lambda: list(look_at_ledger()))

    desk.call(read_again, webhook_id)
    desk.shop.work()
    (right,) = desk.call(lambda: list(look_at_ledger()))

    assert not wrong.ok
    assert f"webhook {webhook_id}" in wrong.text
    assert "flask replay" in wrong.text
    assert right.ok
    assert desk.message("m")
