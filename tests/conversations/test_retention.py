"""What is kept for a while only goes in time, and nothing else goes with it."""

from datetime import timedelta

import pytest
from rows import NOON, add, add_conversation, add_message
from sqlalchemy import select

from pilito import keys
from pilito.conversations import retention
from pilito.conversations.read_again import find_failed, read_again
from pilito.database import transaction
from pilito.errors import Refused
from pilito.lifecycle import WebhookState
from pilito.models import Conversation, Customer, Event, Message, ModelUse, Webhook, db

DAY = timedelta(days=1)
BODY = b'{"object": "instagram"}'


@pytest.fixture
def settings(make_settings):
    return make_settings(keep_bodies_days=30, keep_silent_customers_days=365)


def add_webhook(age, state=WebhookState.READ):
    hook = add(Webhook(channel="instagram", received_at=NOON - age, body=BODY, state=state))
    add(Event(webhook_id=hook.id, position=0, channel="instagram", kind="message", outcome="ignored", created_at=NOON))
    return hook.id


def body_of(webhook_id):
    db.session.rollback()
    return db.session.scalar(db.select(Webhook.body).where(Webhook.id == webhook_id))


def test_an_old_body_goes_and_its_outcome_stays(app):
    with transaction():
        old, young = add_webhook(31 * DAY), add_webhook(29 * DAY)

    emptied, _ = retention.let_go(NOON)

    assert emptied == 1
    assert (body_of(old), body_of(young)) == (b"", BODY)
    assert db.session.scalar(db.select(db.func.count(Event.id))) == 2


def test_what_is_still_to_be_read_stays_however_old_it_is(app):
    with transaction():
        pending = add_webhook(400 * DAY, WebhookState.PENDING)

    retention.let_go(NOON)

    assert body_of(pending) == BODY


def test_a_ledger_of_many_windows_is_emptied_by_and_by(app, monkeypatch):
    monkeypatch.setattr(retention, "WINDOW", 3)
    monkeypatch.setattr(retention, "WINDOWS", 2)
    with transaction():
        ids = [add_webhook(timedelta(days=50 - number)) for number in range(25)]  # 50 to 26 days old

    counts = [retention.let_go(NOON)[0] for _ in range(5)]

    assert counts == [6, 6, 6, 2, 0]
    assert [body_of(one) for one in ids] == [b""] * 20 + [BODY] * 5


def test_what_redis_forgets_is_looked_through_again_and_changes_nothing(app, redis_client):
    with transaction():
        old = add_webhook(31 * DAY)
    retention.let_go(NOON)
    redis_client.flushall()

    assert retention.let_go(NOON)[0] == 0
    assert body_of(old) == b""


def test_a_mark_above_every_row_is_of_another_database(app, redis_client):
    with transaction():
        old = add_webhook(31 * DAY)
    redis_client.set(keys.BODIES_EMPTIED, 10**6)

    assert retention.let_go(NOON)[0] == 1
    assert body_of(old) == b""
    assert int(redis_client.get(keys.BODIES_EMPTIED)) == old


def test_the_day_after_more_is_old(app):
    with transaction():
        hook = add_webhook(29 * DAY)

    assert retention.let_go(NOON)[0] == 0
    assert retention.let_go(NOON + 2 * DAY)[0] == 1
    assert body_of(hook) == b""


def test_an_event_without_its_body_cannot_be_read_again(app):
    with transaction():
        failed = add_webhook(31 * DAY, WebhookState.FAILED)
    assert find_failed() == [failed]

    retention.let_go(NOON)

    assert find_failed() == []
    with pytest.raises(Refused, match="kept no longer"):
        read_again(failed)


def test_a_customer_who_was_silent_for_long_is_erased_and_the_others_are_not(app):
    with transaction():
        silent = add_conversation(last_message_at=NOON - 366 * DAY)
        add_message(silent, text="سلام", sent_at=NOON - 366 * DAY)
        talking = add_conversation(last_message_at=NOON - 364 * DAY)
        add_message(talking, text="درود", sent_at=NOON - 364 * DAY)
        kept = talking.id

    _, erased = retention.let_go(NOON)

    assert erased == 1
    db.session.rollback()
    assert db.session.scalars(db.select(Conversation.id)).all() == [kept]
    assert db.session.scalars(db.select(Message.text)).all() == ["درود"]
    assert db.session.scalar(db.select(db.func.count(Customer.id))) == 1


def test_who_never_wrote_anything_is_erased_as_long_after_they_came(app):
    with transaction():
        add_conversation(last_message_at=None, created_at=NOON - 366 * DAY)
        kept = add_conversation(last_message_at=None, created_at=NOON - 364 * DAY).id
        wrote = add_conversation(last_message_at=NOON, created_at=NOON - 366 * DAY).id

    _, erased = retention.let_go(NOON)

    assert erased == 1
    db.session.rollback()
    assert db.session.scalars(db.select(Conversation.id).order_by(Conversation.id)).all() == [kept, wrote]


def test_who_writes_while_others_are_erased_stays(app, monkeypatch):
    with transaction():
        first, second = (add_conversation(last_message_at=NOON - (366 + years) * DAY) for years in (1, 0))
        for silent in (first, second):
            add_message(silent, text="سلام", sent_at=silent.last_message_at)
        kept = second.id
    erase_customer = retention.erase_customer

    def erase_while_the_other_writes(*args, **how):
        with transaction():
            db.session.get_one(Conversation, kept).last_message_at = NOON
        erase_customer(*args, **how)

    monkeypatch.setattr(retention, "erase_customer", erase_while_the_other_writes)

    _, erased = retention.let_go(NOON)

    assert erased == 1
    db.session.rollback()
    assert db.session.scalars(db.select(Conversation.id)).all() == [kept]


def test_by_default_bodies_go_after_ninety_days_and_nobody_is_erased(app, make_settings):
    settings = make_settings()

    assert (settings.keep_bodies_days, settings.keep_silent_customers_days) == (90, 0)


def test_what_old_answers_cost_goes_and_what_counts_for_a_budget_stays(app, monkeypatch):
    monkeypatch.setattr(retention, "WINDOW", 2)
    with app.app_context():
        for days in (900, 500, 401, 399, 0):
            with transaction():
                add(ModelUse(at=NOON - timedelta(days=days), model="m", tokens=days, cost_micros=1))

        dropped = retention.drop_model_use(NOON)

        assert dropped == 3
        assert sorted(db.session.scalars(select(ModelUse.tokens))) == [0, 399]


def test_the_newest_answers_cost_stays_however_old_it_is(app):
    with app.app_context():
        with transaction():
            add(ModelUse(at=NOON - timedelta(days=900), model="m", tokens=1))

        assert retention.drop_model_use(NOON) == 0
