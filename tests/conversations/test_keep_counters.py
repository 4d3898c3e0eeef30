"""The sums of /metrics: with them a scrape says the same as without, and no counter of it ever goes down."""

from datetime import UTC, datetime, timedelta

import pytest
from rows import NOON, add, add_conversation, add_delivery, add_message, add_share
from sqlalchemy import delete, select

from bench.big_shop import Plan, fill
from pilito.blueprints import metrics
from pilito.conversations.erase import erase_customer
from pilito.conversations.keep_counters import COMMITTED_AFTER, keep_counters
from pilito.database import transaction
from pilito.lifecycle import DeliveryState, Sender, ShareState, TurnState
from pilito.models import Conversation, Counter, Customer, Delivery, Message, Share, Turn, db
from pilito.queries import counters

NOW = datetime(2026, 11, 29, 18, 7, tzinfo=UTC)


@pytest.fixture(autouse=True)
def context(app):
    with app.app_context():
        yield


@pytest.fixture
def history():
    fill(Plan(40, 500, 30, 11, has_ledger=True, has_pictures=False, until=NOW))


def keep_all(now=NOW):
    """What the job does over a quarter of an hour."""
    keep_counters(now)
    keep_counters(now + COMMITTED_AFTER)
    db.session.rollback()


def until(source):
    return db.session.scalar(select(Counter.until_id).where(Counter.source == source))


def rounded(totals):
    return {
        source: {key: round(value, 3) for key, value in numbers.items() if value} for source, numbers in totals.items()
    }


def test_with_the_sums_a_scrape_says_the_same_as_without(history):
    before = rounded(counters.totals())

    keep_all()

    assert rounded(counters.totals()) == before
    assert until("message") == before["message"]["by|customer"] + sum(
        count for key, count in before["message"].items() if key.startswith("by|") and key != "by|customer"
    )
    assert 0 < until("share") < db.session.scalar(select(db.func.max(Share.id)))  # those of this week may change


def test_each_row_counts_once_in_however_many_steps(history, monkeypatch):
    before = rounded(counters.totals())
    monkeypatch.setattr("pilito.conversations.keep_counters.STEP", 37)

    keep_all()
    keep_all(NOW + timedelta(hours=1))

    assert rounded(counters.totals()) == before


def test_what_came_since_is_counted_on_top(history):
    keep_all()
    before = counters.totals()["message"]

    with transaction():
        conversation = db.session.scalars(select(Conversation)).first()
        add_message(conversation, sent_at=NOW)

    after = counters.totals()["message"]
    assert after["by|customer"] == before["by|customer"] + 1
    assert after["by|assistant"] == before["by|assistant"]


def test_a_row_is_not_summed_before_all_who_were_writing_then_are_done():
    with transaction():
        add_message(add_conversation())

    keep_counters(NOON)
    keep_counters(NOON + COMMITTED_AFTER - timedelta(seconds=1))
    assert until("message") == 0

    keep_counters(NOON + COMMITTED_AFTER)
    assert until("message") == 1


def test_what_was_seen_later_waits_its_own_time():
    """An id that was given out before the sums were made, and is committed after."""
    with transaction():
        conversation = add_conversation()
        add_message(conversation)
    keep_counters(NOON)
    with transaction():
        add_message(conversation)

    keep_counters(NOON + COMMITTED_AFTER)

    assert until("message") == 1
    assert counters.totals()["message"]["by|customer"] == 2


def test_a_send_that_is_not_settled_keeps_the_sums_before_it():
    with transaction():
        conversation = add_conversation()
        for state in (DeliveryState.SENT, DeliveryState.UNKNOWN, DeliveryState.SENT):
            add_delivery(add_message(conversation, sender=Sender.OPERATOR), state)
        add(Turn(conversation_id=conversation.id, state=TurnState.OPEN, opened_at=NOON, due_at=NOON))
    keep_all(NOON)
    assert (until("delivery"), until("turn")) == (1, 0)

    with transaction():
        db.session.scalars(select(Delivery).where(Delivery.id == 2)).one().state = DeliveryState.FAILED
    numbers = counters.totals()["delivery"]

    assert {key: count for key, count in numbers.items() if key.startswith("sent|") and count} == {
        "sent|instagram|sent": 2,
        "sent|instagram|failed": 1,
    }


def test_a_share_that_waits_is_not_summed():
    with transaction():
        add_share(add_conversation(), ShareState.WAITING)
        add_share(add_conversation(), ShareState.EXPIRED)

    keep_all(NOON + timedelta(days=30))

    assert until("share") == 0


def scraped():
    db.session.rollback()
    lines = metrics.exposition().decode().splitlines()
    pairs = (line.rsplit(" ", 1) for line in lines if line and not line.startswith("#"))
    return {name: float(value) for name, value in pairs if "_total" in name or "_count" in name or "_bucket" in name}


@pytest.mark.usefixtures("history")
def test_no_counter_goes_down_when_a_customer_is_erased_and_redis_has_forgotten_everything(redis_client):
    keep_all()
    before = scraped()

    for customer_id in db.session.scalars(select(Customer.id).order_by(Customer.id).limit(5)).all():
        db.session.rollback()
        erase_customer(customer_id, NOW)
    redis_client.flushdb()
    after = scraped()

    assert db.session.scalar(select(db.func.count()).select_from(Message)) < until("message")
    old_shares = {name for name in before if "share" in name}  # of this week, too: they are counted from the rows
    assert {
        name: (before[name], after.get(name))
        for name in before.keys() - old_shares
        if after.get(name, 0) < before[name]
    } == {}


def test_a_late_question_that_takes_an_expired_share_takes_nothing_from_the_timeouts():
    with transaction():
        share = add_share(add_conversation(), ShareState.EXPIRED)
        share_id = share.id
    keep_all(NOON + timedelta(days=8))
    before = scraped()

    with transaction():
        db.session.get_one(Share, share_id).state = ShareState.COMBINED
    after = scraped()

    assert before["pilito_share_timeouts_total"] == after["pilito_share_timeouts_total"] == 1


def test_sums_that_are_lost_are_made_anew(history):
    keep_all()
    before = rounded(counters.totals())
    with transaction():
        db.session.execute(delete(Counter))

    assert rounded(counters.totals()) == before
