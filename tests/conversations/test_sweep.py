"""What a crash, a lost job, an emptied Redis or a dead scheduler left is found in the rows and finished."""

import json

import pytest
from desk import Desk
from redis.exceptions import ConnectionError
from rows import add, add_conversation, add_delivery, add_media, add_message, add_operator
from rq import Queue
from shop import reel, seconds, text, webhook
from sqlalchemy.exc import OperationalError

from pilito import hints, keys
from pilito.clock import utc_now
from pilito.conversations import answer, deliver, edit, give_back_due, release, snooze, sweep
from pilito.database import transaction
from pilito.jobs.periodic import sweep_unfinished
from pilito.lifecycle import (
    ConversationState,
    DeliveryState,
    MediaKind,
    MediaState,
    Role,
    Sender,
    ShareState,
    TurnState,
    WebhookState,
)
from pilito.models import Conversation, Delivery, EarlyEdit, Inbox, Message, Share, Turn, Webhook, db

NOTHING = dict.fromkeys(
    (
        "webhooks",
        "shares",
        "turns",
        "deliveries",
        "lost_sends",
        "returned",
        "released",
        "given_back",
        "early_edits",
        "media",
        "readings",
        "dropped_media",
    ),
    0,
)
AFTER_GRACE = sweep.GRACE + seconds(0.1)


@pytest.fixture
def desk(shop):
    return Desk(shop)


@pytest.fixture
def now():
    return utc_now()


def empty_redis(desk):
    desk.app.extensions["pilito_redis"].flushall()


def sweep_and_work(desk, now):
    found = desk.sweep(now)
    desk.shop.work()
    return {kind: count for kind, count in found.items() if count}


def expect_answered_once(desk):
    assert len(desk.graph.sent) == 1
    assert [turn.state for turn in desk.rows(Turn)] == [TurnState.ANSWERED]
    assert desk.sweep(utc_now() + seconds(3600)) == NOTHING


def test_a_webhook_without_a_job_is_read(desk, now):
    desk.record(text("چنده؟", now), now=now)
    empty_redis(desk)

    found = sweep_and_work(desk, now + AFTER_GRACE)

    assert found == {"webhooks": 1}
    assert desk.rows(Webhook)[0].state is WebhookState.READ
    expect_answered_once(desk)


@pytest.mark.sqlite_only
def test_a_webhook_that_just_came_is_left_to_its_job(desk, now):
    desk.record(text("چنده؟", now), now=now)

    assert desk.sweep(now + seconds(1)) == NOTHING


def test_a_turn_without_a_job_is_answered(desk, now):
    desk.take(text("چنده؟", now), now=now)
    empty_redis(desk)

    found = sweep_and_work(desk, now + AFTER_GRACE)

    assert found == {"turns": 1}
    expect_answered_once(desk)


@pytest.mark.sqlite_only
def test_a_turn_that_is_not_due_is_left_alone(make_shop, now):
    desk = Desk(make_shop(reply_quiet_seconds=20))
    desk.take(text("چنده؟", now), now=now)

    assert desk.sweep(now + seconds(20)) == NOTHING


def test_a_turn_whose_worker_died_is_answered(desk, now):
    desk.take(text("چنده؟", now - seconds(20)), now=now - seconds(20))
    desk.call(answer._claim, desk.turn.id, now - seconds(16))
    empty_redis(desk)

    found = sweep_and_work(desk, now)

    assert found == {"turns": 1}
    assert desk.turn.attempt == 2
    expect_answered_once(desk)


@pytest.mark.sqlite_only
def test_a_turn_whose_worker_lives_is_left_to_it(desk, now):
    desk.take(text("چنده؟", now), now=now)
    desk.call(answer._claim, desk.turn.id, now)

    assert desk.sweep(now + seconds(14)) == NOTHING


def test_a_reply_without_a_job_is_sent(desk, now):
    desk.take(text("چنده؟", now), now=now)
    desk.answer(now)
    empty_redis(desk)

    found = sweep_and_work(desk, now + AFTER_GRACE)

    assert found == {"deliveries": 1}
    expect_answered_once(desk)


@pytest.mark.sqlite_only
def test_a_send_whose_worker_died_is_called_unknown_and_not_sent(desk, now):
    desk.take(text("چنده؟", now), now=now)
    desk.answer(now)
    desk.call(deliver._claim, desk.replies[0].id, now)
    empty_redis(desk)

    found = sweep_and_work(desk, now + seconds(deliver.LEASE_SECONDS))

    assert found == {"lost_sends": 1}
    assert desk.deliveries[0].state is DeliveryState.UNKNOWN
    assert desk.graph.calls == []
    assert desk.sweep(now + seconds(3600)) == NOTHING


@pytest.mark.sqlite_only
def test_a_share_expires_without_a_scheduler(desk, now):
    desk.take(reel(now, mid="reel"), now=now)
    empty_redis(desk)

    early = desk.sweep(now + seconds(119.9))
    found = sweep_and_work(desk, now + seconds(120))

    assert early == NOTHING
    assert found == {"shares": 1}
    assert desk.rows(Share)[0].state is ShareState.EXPIRED
    assert desk.graph.calls == []
    assert desk.sweep(now + seconds(3600)) == NOTHING


def test_everything_at_once_with_redis_emptied_ends_as_without_a_fault(desk, now):
    customers = [str(7000 + number) for number in range(4)]
    long_ago = now - seconds(130)
    desk.take(reel(long_ago, customer=customers[0]), now=long_ago)
    desk.take(text("چنده؟", now, customer=customers[1]), now=now)
    desk.answer(now)
    desk.take(text("چنده؟", now, customer=customers[2]), now=now)
    desk.record(text("چنده؟", now, customer=customers[3]), now=now)
    empty_redis(desk)

    sweep_and_work(desk, now + AFTER_GRACE)

    assert sorted(one["to"] for one in desk.graph.sent) == customers[1:]
    assert desk.rows(Share)[0].state is ShareState.EXPIRED
    assert {webhook.state for webhook in desk.rows(Webhook)} == {WebhookState.READ}
    assert {turn.state for turn in desk.rows(Turn)} == {TurnState.ANSWERED}
    assert {one.state for one in desk.rows(Delivery)} == {DeliveryState.SENT}
    assert desk.sweep(utc_now() + seconds(3600)) == NOTHING


def test_c7_two_sweeps_at_once_do_no_more_than_one(desk, now):
    desk.record(text("چنده؟", now), now=now)
    desk.take(reel(now - seconds(130), customer="7000"), now=now - seconds(130))

    found = desk.together(*[lambda: sweep.sweep(now + AFTER_GRACE)] * 2)
    desk.shop.work()

    assert sum(one["shares"] for one in found) == 1
    expect_answered_once(desk)


def fill_queue(desk):
    """A long queue of other jobs; return its length."""
    for _ in range(hints.BUSY_JOBS + 1):
        hints.hint(keys.RECEIVE, keys.RECEIVE_JOB, 999)
    return hints.queue(keys.RECEIVE).count


def lose_jobs(desk, now, count):
    """Webhooks of so many accounts without a job; two of each, and the ids of each account's oldest."""
    numbers = [record_of(desk, f"9{number:03}", now + seconds(number / 10)) for number in range(count)]
    for number in range(count):
        record_of(desk, f"9{number:03}", now + seconds(9))
    empty_redis(desk)
    return numbers


def record_of(desk, account, at):
    return desk.record(json.dumps(webhook(text("چنده؟", at, account=account), account=account)).encode(), now=at)


@pytest.mark.sqlite_only
def test_in_a_long_queue_the_oldest_of_each_account_goes_first_and_the_next_look_begins_with_the_others(desk, now):
    lost = lose_jobs(desk, now, sweep.FIRST + 5)
    with desk.app.app_context():
        length = fill_queue(desk)

        found = desk.sweep(now + seconds(20))
        queue = hints.queue(keys.RECEIVE)
        first = [job.args[0] for job in queue.get_jobs(0, sweep.FIRST)]

        assert found == NOTHING | {"webhooks": sweep.FIRST}
        assert queue.count == length + sweep.FIRST
        assert set(first) < set(lost)
        empty_redis(desk)
        desk.sweep(now + seconds(25))
        assert set(lost) - set(first) < {job.args[0] for job in queue.get_jobs()}


@pytest.mark.sqlite_only
def test_a_long_queue_that_does_not_move_is_not_flooded(desk, now):
    lose_jobs(desk, now, 3)
    with desk.app.app_context():
        length = fill_queue(desk)

        found = [desk.sweep(now + seconds(20 + 5 * number)) for number in range(3)]

        assert [one["webhooks"] for one in found] == [3, 0, 0]
        assert hints.queue(keys.RECEIVE).count == length + 3


@pytest.mark.sqlite_only
def test_what_lies_behind_the_oldest_is_read_by_whoever_was_asked_for_it(desk, now):
    lose_jobs(desk, now, 3)

    desk.sweep(now + seconds(20))
    desk.shop.work(keys.RECEIVE)

    assert [one.state for one in desk.rows(Webhook)] == [WebhookState.READ] * 6


@pytest.mark.sqlite_only
def test_a_redis_that_is_away_is_not_asked_for_every_row(desk, now, monkeypatch, caplog):
    lose_jobs(desk, now, 3)

    def away(*_args, **_options):
        raise ConnectionError("away")

    monkeypatch.setattr(Queue, "count", property(away))
    monkeypatch.setattr(Queue, "get_job_ids", away)
    monkeypatch.setattr(Queue, "enqueue_call", away)

    assert desk.sweep(now + seconds(20)) == NOTHING
    assert "Redis did not take" not in caplog.text


@pytest.mark.sqlite_only
def test_no_transaction_is_open_while_redis_is_asked(desk, now, monkeypatch):
    held = []
    desk.record(text("چنده؟", now), now=now)
    monkeypatch.setattr(hints, "hint_first", lambda *args: held.append(desk.pool_in_use()) or 1)

    desk.sweep(now + AFTER_GRACE)

    assert held == [0]


@pytest.mark.sqlite_only
def test_a_row_that_breaks_its_verb_keeps_no_other_kind_waiting(desk, now, monkeypatch, caplog):
    """One early edit that could not be applied would have left every picture behind a lost job unseen for ever."""
    at = now - seconds(60)
    desk.take(text("چنده؟", at), now=at)
    with desk.app.app_context(), transaction():
        add_media(desk.shop.inbox_id, MediaKind.IMAGE, state=MediaState.PENDING, due_at=at)
    empty_redis(desk)
    monkeypatch.setattr(sweep, "expire_due", fail)
    monkeypatch.setattr(sweep, "settle_early_edits", fail)

    found = desk.sweep(now)

    assert {kind: count for kind, count in found.items() if count} == {"turns": 1, "media": 1}
    assert [line.message for line in caplog.records if "broke" in line.message] == [
        "The sweep broke at its shares; it looks at the others, and at these again the next time.",
        "The sweep broke at its early_edits; it looks at the others, and at these again the next time.",
    ]


@pytest.mark.parametrize(
    ("kind", "where"),
    [("returned", snooze), ("released", release), ("given_back", give_back_due), ("lost_sends", sweep),
     ("early_edits", edit)],
)  # fmt: skip
def test_nor_any_row_of_its_own_kind_behind_it(desk, now, monkeypatch, caplog, kind, where):
    at, webhook_id = now - seconds(7200), desk.take(text("سلام", now), now=now)
    with desk.app.app_context(), transaction():
        inbox = db.session.get_one(Inbox, desk.shop.inbox_id)
        inbox.give_back_hours = 1 if kind == "given_back" else None
        talks = [add_conversation(inbox, state=ConversationState.OPERATOR, **held(kind, at)) for _ in range(2)]
        for number, talk in enumerate(talks):
            message = add_message(talk, sender=Sender.CUSTOMER, external_id=f"m{number}", text="یک", sent_at=at)
            if kind == "lost_sends":
                add_delivery(message, DeliveryState.SENDING, lease_until=at, attempt=1)
            if kind == "early_edits":
                place = {"inbox_id": inbox.id, "webhook_id": webhook_id, "position": 0, "number": number}
                add(EarlyEdit(external_id=f"m{number}", at=at, created_at=at, text="دو", question="", **place))
        broken = talks[0].id
    usual = where.get_locked
    monkeypatch.setattr(where, "get_locked", lambda number: usual(number) if number != broken else fail())

    desk.sweep(now)

    assert is_settled(desk, kind, talks[1].id)
    assert not is_settled(desk, kind, broken)
    assert [line.message for line in caplog.records if "broke" in line.message] == [
        f"The sweep broke at one of its {kind}; it takes the others, and this one again the next time."
    ]


@pytest.mark.sqlite_only
def test_nor_does_an_edit_that_cannot_be_given_up_keep_the_next_one(desk, now, monkeypatch):
    at, webhook_id = now - edit.EARLY_EDITS_KEPT, desk.take(text("سلام", now), now=now)
    place = {"inbox_id": desk.shop.inbox_id, "webhook_id": webhook_id, "position": 0, "number": 1}
    with desk.app.app_context(), transaction():
        for mid in ("broken", "whole"):
            add(EarlyEdit(external_id=mid, at=at, created_at=at, text="دو", question="", **place))
    usual = edit.redact
    monkeypatch.setattr(edit, "redact", lambda *args: usual(*args) if args[2] != "broken" else fail())

    desk.sweep(now)

    assert [early.external_id for early in desk.rows(EarlyEdit)] == ["broken"]


def held(kind, at):
    """What makes a conversation that a person holds one of this kind."""
    if kind == "returned":
        return {"snoozed_until": at}
    if kind == "released":
        return {"operator_id": add_operator(Role.AGENT, active=False).id}
    return {"person_at": at} if kind == "given_back" else {}


def is_settled(desk, kind, conversation_id):
    talk = next(one for one in desk.rows(Conversation) if one.id == conversation_id)
    if kind == "lost_sends":
        return desk.rows(Delivery, conversation_id=conversation_id)[0].state is DeliveryState.UNKNOWN
    if kind == "early_edits":
        return desk.rows(Message, conversation_id=conversation_id)[0].text == "دو"
    if kind == "returned":
        return talk.snoozed_until is None
    return talk.operator_id is None if kind == "released" else talk.state is ConversationState.ASSISTANT


@pytest.mark.sqlite_only
def test_a_database_that_is_away_is_not_asked_for_every_kind(desk, now, monkeypatch):
    asked = []
    monkeypatch.setattr(sweep, "expire_due", lambda now: fail(OperationalError("", {}, Exception("away"))))
    monkeypatch.setattr(sweep, "wake_snoozed", asked.append)

    with pytest.raises(OperationalError):
        desk.sweep(now)

    assert not asked


def fail(error=None):
    raise error if isinstance(error, Exception) else ValueError("a row that its verb cannot take")


def test_the_periodic_job_sweeps_by_the_real_clock(desk, now):
    desk.record(text("چنده؟", now), now=now - seconds(60))
    empty_redis(desk)

    sweep_unfinished()
    desk.shop.work()

    expect_answered_once(desk)
