"""Unread webhooks of different accounts take turns; those of one come in their order, each to one reader."""

import json
import sqlite3
from contextlib import closing
from datetime import timedelta

import pytest
from desk import Desk
from rows import NOON
from shop import ACCOUNT, CUSTOMER, seconds, text, webhook
from sqlalchemy import insert
from sqlalchemy import text as sql
from sqlalchemy.exc import OperationalError

from pilito import hints, keys
from pilito.conversations import take_turns, unread
from pilito.conversations.connect import connect
from pilito.conversations.receive import receive
from pilito.conversations.record import record
from pilito.conversations.take_turns import UNREAD, UNREAD_AFTER, Round, answer_due, oldest_of_each, read_unread
from pilito.database import transaction
from pilito.jobs import replies
from pilito.lifecycle import AssistantMode, TurnState, WebhookState
from pilito.models import Event, Message, Turn, Webhook, db

BUSY, QUIET = ACCOUNT, "17841400000000002"
THIRD = "17841400000000003"


class Enough(Exception):
    """The test has seen what it wanted to see."""


@pytest.fixture
def desk(shop):
    desk = Desk(shop)
    desk.call(connect, "instagram", "دوم", QUIET, "t", {}, AssistantMode.AUTO, NOON)
    return desk


def body_of(account, number):
    """What a customer writes, the number of seconds after noon."""
    one = text(f"پیام {number}", NOON + seconds(number), mid=f"{account}-{number}", account=account)
    return json.dumps(webhook(one, account=account)).encode()


def come(desk, account, numbers):
    """On the ledger at once, and no job in Redis; return the ids."""
    rows = [
        {"channel": "instagram", "account": account, "received_at": NOON, "body": body_of(account, number)}
        for number in numbers
    ]
    with desk.app.app_context(), transaction():
        asked = insert(Webhook.__table__).returning(Webhook.id, sort_by_parameter_order=True)
        values = [{**row, "state": WebhookState.PENDING, "attempts": 0} for row in rows]
        return db.session.scalars(asked, values).all()


def read_really(webhook_id):
    return receive(webhook_id, NOON + seconds(9))


def read_all(desk, read=read_really):
    """Return the ids in the order in which they were read."""
    order = []
    desk.call(read_unread, lambda webhook_id: order.append(webhook_id) or read(webhook_id), 60.0)
    return order


def test_t16_behind_two_thousand_of_a_busy_account_anothers_is_read_after_one_of_them_at_most(desk):
    busy = come(desk, BUSY, range(2000))
    (quiet,) = come(desk, QUIET, [1])
    order = []

    def read(webhook_id):
        order.append(webhook_id)
        was_ours = read_really(webhook_id)
        if webhook_id == quiet:
            raise Enough
        return was_ours

    with pytest.raises(Enough):
        desk.call(read_unread, read)

    assert order in ([quiet], [busy[0], quiet])
    assert desk.message(f"{QUIET}-1")
    assert len(desk.rows(Event)) == len(order)


def test_by_their_jobs_too_the_accounts_take_turns_and_each_is_read_in_its_order(desk):
    for number in range(40):
        desk.call(record, "instagram", body_of(BUSY, number), NOON)
    for number in range(3):
        desk.call(record, "instagram", body_of(QUIET, number), NOON)

    desk.shop.work(keys.RECEIVE)

    mids = [db.session.get(Message, event.message_id).external_id for event in desk.rows(Event)]
    assert {mids.index(f"{QUIET}-{number}") // 2 for number in range(3)} <= {0, 1, 2, 3}
    assert [mid for mid in mids if mid.startswith(BUSY)] == [f"{BUSY}-{number}" for number in range(40)]
    assert [mid for mid in mids if mid.startswith(QUIET)] == [f"{QUIET}-{number}" for number in range(3)]


def test_many_readers_at_once_read_each_once(desk):
    ids = [*come(desk, BUSY, range(12)), *come(desk, QUIET, range(6)), *come(desk, THIRD, range(6))]
    order = []

    def go():
        read_unread(lambda webhook_id: order.append(webhook_id) or read_really(webhook_id), 60.0)

    results = desk.together(*[go] * 4)

    assert results == [None] * 4
    assert sorted(order) == sorted(ids)
    assert {(one.state, one.account) for one in desk.rows(Webhook)} == {(WebhookState.READ, "")}
    assert len(desk.rows(Event)) == 24


def test_what_another_process_is_storing_is_passed_over(desk, database_kind):
    if database_kind == "sqlite":
        pytest.skip("SQLite has one writer and no locks of rows.")
    first, second = come(desk, BUSY, range(2))
    with db.engine.connect() as another:
        another.execute(sql("SELECT id FROM webhook WHERE id = :id FOR UPDATE"), {"id": first})

        found = desk.call(Round(UNREAD, UNREAD_AFTER, "").next)
        desk.call(read_really, first)  # and whoever was about to begin with it leaves it to them
        state = desk.webhook(first).state

    assert (found.id, state) == (second, WebhookState.PENDING)
    assert read_all(desk) == [first, second]


def test_who_was_second_to_another_process_looks_further_on_and_in_the_end_leaves_none(desk):
    ids = come(desk, BUSY, range(30))
    order = []

    def read_after_another(webhook_id):
        order.append(webhook_id)
        if len(order) == 1:
            read_really(webhook_id)  # as another process does it, between our choice and our turn
        return read_really(webhook_id)

    desk.call(read_unread, read_after_another, 60.0)

    assert order[0] == ids[0]
    assert ids.index(order[1]) in range(2, 2 + take_turns.FURTHEST)
    assert sorted(order) == ids


def test_who_keeps_away_from_another_process_leaves_no_account_out_and_comes_back_to_the_oldest(desk):
    busy, (quiet,) = come(desk, BUSY, range(40)), come(desk, QUIET, [1])
    take_turns._reading._left_out = take_turns.FURTHEST

    order = read_all(desk)

    assert order.index(quiet) <= 1
    assert order.index(busy[0]) <= take_turns.FURTHEST + 1
    assert sorted(order) == [*busy, quiet]


def test_a_body_of_several_accounts_and_one_that_cannot_be_read_have_a_turn_of_their_own(desk):
    both = json.loads(body_of(BUSY, 100))
    both["entry"] += json.loads(body_of(QUIET, 100))["entry"]
    desk.call(record, "instagram", body_of(BUSY, 1), NOON)
    busy = come(desk, BUSY, range(2, 50))
    mixed = desk.call(record, "instagram", json.dumps(both).encode(), NOON)
    nonsense = desk.call(record, "instagram", b"\xff nonsense", NOON)

    order = read_all(desk)

    assert order.index(mixed) < 2
    assert order.index(nonsense) < 4
    assert order.index(busy[-1]) == 50
    assert desk.message(f"{QUIET}-100").inbox_id != desk.message(f"{BUSY}-100").inbox_id


@pytest.mark.sqlite_only
def test_a_reading_that_fails_leaves_the_next_turn_to_another_account(desk):
    busy, quiet = come(desk, BUSY, [1])[0], come(desk, QUIET, [1])[0]
    tried = []

    def fail(webhook_id):
        tried.append(webhook_id)
        raise OperationalError("SELECT", {}, Exception("away"))

    for _ in range(2):
        with pytest.raises(OperationalError):
            desk.call(read_unread, fail)

    assert sorted(tried) == [busy, quiet]
    assert sorted(read_all(desk)) == [busy, quiet]  # and neither is lost for it


@pytest.mark.sqlite_only
def test_what_the_sweep_has_asked_for_is_left_to_it(desk):
    first, second = come(desk, BUSY, range(2))
    with transaction():
        db.session.get_one(Webhook, first).lease_until = NOON - timedelta(days=1)

    assert read_all(desk) == [second]


@pytest.mark.sqlite_only
def test_a_job_that_has_read_long_enough_asks_others_to_go_on(desk):
    come(desk, BUSY, range(3))

    desk.call(read_unread, read_really, 0.0)
    asked = hints.queue(keys.RECEIVE).count
    desk.shop.work(keys.RECEIVE)

    assert asked == take_turns.GO_ON
    assert {one.state for one in desk.rows(Webhook)} == {WebhookState.READ}


@pytest.mark.sqlite_only
def test_nobody_is_asked_while_enough_wait_to_look(desk):
    for number in range(20):
        desk.call(record, "instagram", body_of(BUSY, number), NOON)

    assert hints.queue(keys.RECEIVE).count == hints.ASKED_ENOUGH
    desk.shop.work(keys.RECEIVE)
    assert {one.state for one in desk.rows(Webhook)} == {WebhookState.READ}


@pytest.mark.sqlite_only
def test_the_sweep_goes_on_with_the_accounts_it_has_not_looked_at(desk):
    oldest = {account: come(desk, account, range(2))[0] for account in (BUSY, QUIET, THIRD)}

    looks = [[one.id for one in desk.call(oldest_of_each, 2)] for _ in range(3)]

    assert [len(look) for look in looks] == [2, 2, 2]
    assert {number for look in looks[:2] for number in look} == set(oldest.values())
    assert sorted(one.id for one in desk.call(oldest_of_each, 9)) == sorted(oldest.values())


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    "asked",
    [take_turns.UNREAD, take_turns.UNREAD_AFTER, take_turns.UNREAD_FURTHER, unread.BEFORE, unread.UNREAD_ON_SQLITE],
)
def test_what_is_unread_is_found_by_its_index_without_a_sort_whatever_else_is_there(desk, asked):
    words = str(
        asked.params(in_hand=[7], whose="a", left_out=1, account="a", until=NOON, name=b"7").compile(
            db.engine, compile_kwargs={"render_postcompile": True}
        )
    )

    explained = db.session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {words}", ("x",) * words.count("?"))
    plan = [step.detail for step in explained]

    assert "USING INDEX ix_webhook_unread" in plan[0]
    assert not any("TEMP B-TREE" in step for step in plan)


def test_a_question_waits_for_nothing_of_another_account(desk):
    """The customer's id says nothing there: each account has its own."""
    come(desk, QUIET, [1])
    desk.take(text("چنده؟", NOON, mid="question"), now=NOON)

    desk.answer(NOON + seconds(10))

    assert CUSTOMER.encode() in desk.rows(Webhook)[0].body
    assert len(desk.model.calls) == 1


# --- turns that are due ------------------------------------------------------------------------------------------------


def ask(desk, account, customers):
    """So many customers of the account ask, and each one's turn is due at once."""
    for number in range(customers):
        customer = f"{account[-1]}{number:014}"
        body = webhook(text("این چنده؟", NOON, customer=customer, account=account), account=account)
        desk.take(json.dumps(body).encode(), now=NOON + seconds(number))


def asked_of(desk):
    """The accounts in the order in which their questions were answered."""
    return [one["to"][0] for one in desk.graph.sent]


def test_of_turns_that_are_due_those_of_a_busy_account_hold_nobody_up(desk, monkeypatch):
    monkeypatch.setattr(replies, "utc_now", lambda: NOON + seconds(60))
    ask(desk, BUSY, 12)
    ask(desk, QUIET, 1)
    desk.app.extensions["pilito_redis"].flushall()
    desk.sweep(NOON + seconds(60))

    desk.shop.work(keys.REPLIES)

    answered = asked_of(desk)
    assert answered.index(QUIET[-1]) <= 1
    assert answered.count(BUSY[-1]) == 12
    assert [one["to"] for one in desk.graph.sent if one["to"][0] == BUSY[-1]] == [f"1{n:014}" for n in range(12)]
    assert {turn.state for turn in desk.rows(Turn)} == {TurnState.ANSWERED}


def test_many_workers_at_once_answer_each_turn_once(desk, monkeypatch):
    monkeypatch.setattr(replies, "utc_now", lambda: NOON + seconds(60))
    ask(desk, BUSY, 6)
    ask(desk, QUIET, 2)
    tried = []

    def go():
        for _ in range(3):
            answer_due(lambda turn_id: (tried.append(turn_id), replies._answer_one(turn_id))[1], NOON + seconds(60))

    assert desk.together(*[go] * 4) == [None] * 4

    assert sorted(tried) == sorted(turn.id for turn in desk.rows(Turn))
    assert len(desk.graph.sent) == 8


@pytest.mark.sqlite_only
def test_a_turn_whose_worker_died_has_its_turn_and_one_that_is_not_due_has_none(desk):
    ask(desk, BUSY, 2)
    died, early = desk.rows(Turn)
    with transaction():
        for turn, values in ((died, {"lease_until": NOON}), (early, {"due_at": NOON + seconds(61)})):
            db.session.execute(db.update(Turn).where(Turn.id == turn.id).values(**values))
        db.session.execute(db.update(Turn).where(Turn.id == died.id).values(state=TurnState.GENERATING))
    taken = []

    for _ in range(3):
        desk.call(
            answer_due, lambda turn_id: (taken.append(turn_id), replies._answer_one(turn_id))[1], NOON + seconds(60)
        )

    assert taken == [died.id]


@pytest.mark.sqlite_only
def test_who_comes_second_to_a_turn_looks_for_another_and_not_for_ever(desk):
    ask(desk, BUSY, 1)
    tried = []

    desk.call(answer_due, lambda turn_id: tried.append(turn_id), NOON + seconds(60))

    assert tried == [desk.turn.id] * take_turns.TRIES


@pytest.mark.sqlite_only
@pytest.mark.parametrize("asked", [take_turns.DUE, take_turns.DUE_AFTER])
def test_a_turn_that_is_due_is_found_among_the_unfinished_alone(desk, asked):
    desk.take(text("چنده؟", NOON))
    answered = {"conversation_id": desk.conversation.id, "opened_at": NOON, "due_at": NOON, "version": 1, "attempt": 1}
    with transaction():
        db.session.execute(insert(Turn.__table__), [{**answered, "state": TurnState.ANSWERED}] * 500)
    with closing(sqlite3.connect(db.engine.url.database)) as counting:  # what is known makes another way look cheap
        counting.execute("ANALYZE")
    db.engine.dispose()
    words = str(
        asked.params(in_hand=[7], now=NOON, whose=1).compile(db.engine, compile_kwargs={"render_postcompile": True})
    )

    explained = db.session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {words}", ("x",) * words.count("?"))

    steps = [step.detail for step in explained]
    with closing(sqlite3.connect(db.engine.url.database)) as counting:
        counting.execute("DELETE FROM sqlite_stat1")
        counting.commit()
    db.session.remove()
    db.engine.dispose()  # a connection knows what was counted when it was opened
    assert steps[0].startswith("SEARCH turn USING INDEX ix_turn_due_at"), steps
