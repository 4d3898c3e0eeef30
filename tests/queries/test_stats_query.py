"""The counts: each counts what its name says, and not its neighbour."""

from datetime import timedelta

import pytest
from rows import (
    NOON,
    add_answer,
    add_conversation,
    add_delivery,
    add_inbox,
    add_message,
    add_share,
    add_turn,
    add_webhook,
)

from pilito.conversations.keep_counters import keep_counters
from pilito.database import transaction
from pilito.lifecycle import (
    DeliveryState,
    EventOutcome,
    MessageType,
    Sender,
    ShareState,
    TurnState,
    WebhookState,
)
from pilito.models import Counter, db
from pilito.queries import counters, stats, summary


@pytest.fixture(autouse=True)
def context(app):
    with app.app_context():
        yield


def test_before_the_first_message_everything_is_counted_as_zero():
    counted = summary.summary()

    assert counted["shares"] == {"received": 0, "waiting": 0, "combined": 0, "expired": 0, "superseded": 0}
    assert counted["pending_share_cache"] == {"hits": 0, "misses": 0, "hit_rate": None}
    assert set(counted["events"].values()) == {0}
    assert counted["replies"] == {"assistant": 0, "operator": 0, "phone": 0, "hand_overs": 0}
    assert counted["deliveries"] == {"pending": 0, "sending": 0, "sent": 0, "failed": 0, "unknown": 0}


def test_shares_are_counted_by_what_became_of_them():
    with transaction():
        conversation = add_conversation()
        for state in (ShareState.EXPIRED, ShareState.EXPIRED, ShareState.COMBINED, ShareState.SUPERSEDED):
            add_share(conversation, state)
        add_share(conversation, ShareState.WAITING)

    assert summary.summary()["shares"] == {"received": 5, "waiting": 1, "combined": 1, "expired": 2, "superseded": 1}


def test_a_post_that_the_shop_shared_is_not_a_share_received():
    with transaction():
        add_message(add_conversation(), message_type=MessageType.SHARE, sender=Sender.PHONE)

    assert summary.summary()["shares"]["received"] == 0


def test_the_hit_rate_leaves_out_shares_whose_question_never_came():
    with transaction():
        conversation = add_conversation()
        for found in (True, True, True, False, None):
            add_share(conversation, ShareState.COMBINED, found_in_cache=found)

    assert summary.summary()["pending_share_cache"] == {"hits": 3, "misses": 1, "hit_rate": 0.75}


def test_events_received_are_the_sum_of_all_outcomes_and_of_what_waits():
    with transaction():
        add_webhook(WebhookState.READ, tuple(EventOutcome))
        add_webhook(WebhookState.PENDING)

    counted = summary.events()

    assert counted == {
        "received": 6,
        "stored": 1,
        "duplicate": 1,
        "echo": 1,
        "ignored": 1,
        "failed": 1,
        "pending": 1,
    }


def test_an_unreadable_body_is_one_failed_event():
    with transaction():
        add_webhook(WebhookState.FAILED)

    assert summary.events()["failed"] == 1


def test_a_failed_event_is_not_counted_again_with_its_body():
    with transaction():
        add_webhook(WebhookState.FAILED, (EventOutcome.FAILED, EventOutcome.STORED))

    assert summary.events() | {"received": 0} == summary.events() | {"failed": 1, "stored": 1, "received": 0}


def test_events_are_told_apart_by_channel():
    with transaction():
        add_webhook(WebhookState.READ, (EventOutcome.STORED,))
        add_webhook(WebhookState.PENDING, channel="telegram")

    assert counters.totals("event") == {"event": {"event|instagram|stored": 1}}
    assert summary.events()["pending"] == 1


def test_replies_are_counted_by_who_wrote_them_and_customers_do_not_count():
    with transaction():
        conversation = add_conversation()
        for sender in (Sender.CUSTOMER, Sender.ASSISTANT, Sender.OPERATOR, Sender.OPERATOR, Sender.PHONE):
            add_message(conversation, sender=sender)
        add_turn(conversation, TurnState.HANDED_OVER)
        add_turn(conversation, TurnState.DROPPED)

    assert summary.summary()["replies"] == {"assistant": 1, "operator": 2, "phone": 1, "hand_overs": 1}


def test_deliveries_are_counted_by_channel_and_state():
    with transaction():
        here, there = add_conversation(), add_conversation(add_inbox(channel="telegram"))
        add_delivery(add_message(here), DeliveryState.SENT)
        add_delivery(add_message(here), DeliveryState.FAILED)
        add_delivery(add_message(there), DeliveryState.SENT)

    assert dict(counters.labelled(counters.totals()["delivery"], "sent")) == {
        ("instagram", "sent"): 1,
        ("instagram", "failed"): 1,
        ("telegram", "sent"): 1,
    }
    assert summary.summary()["deliveries"]["sent"] == 2


def test_reply_seconds_run_from_the_question_to_the_first_part_taken():
    with transaction():
        conversation = add_conversation()
        for seconds in (0.4, 5.0, 5.5, 99.0):
            add_answer(conversation, seconds)

    measured = stats.reply_seconds((1.0, 5.0, 10.0))

    assert measured.counts == [1, 2, 3, 4]
    assert measured.sum_seconds == pytest.approx(109.9, abs=0.01)


def test_a_reply_of_a_person_or_one_not_sent_has_no_reply_seconds():
    with transaction():
        conversation = add_conversation()
        add_delivery(add_message(conversation, sender=Sender.OPERATOR), DeliveryState.SENT, sent_at=NOON)
        turn = add_turn(conversation, TurnState.ANSWERED)
        add_delivery(add_message(conversation, answers_turn_id=turn.id), DeliveryState.FAILED)

    assert stats.reply_seconds((1.0,)).counts == [0, 0]


def test_model_seconds_and_tokens_come_from_the_proofs():
    with transaction():
        conversation = add_conversation()
        add_answer(conversation, 1, model_milliseconds=250)
        add_answer(conversation, 1, model_milliseconds=4000)

    measured = stats.model_seconds((0.25, 1.0))

    assert measured.counts == [1, 1, 2]
    assert measured.sum_seconds == pytest.approx(4.25)
    assert dict(counters.labelled(counters.totals()["proof"], "tokens")) == {("input",): 200, ("output",): 40}


def test_what_is_kept_counts_once_and_only_newer_rows_are_looked_at():
    with transaction():
        conversation = add_conversation()
        add_share(conversation, ShareState.EXPIRED, sent_at=NOON - timedelta(days=30))
        add_webhook(WebhookState.READ, (EventOutcome.STORED,))
    before = summary.summary()
    keep_counters(NOON)
    keep_counters(NOON + timedelta(minutes=11))

    kept = {one.source: one.until_id for one in db.session.scalars(db.select(Counter))}

    assert kept["event"] > 0
    assert kept["message"] > 0
    assert summary.summary() == before
