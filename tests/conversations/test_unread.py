"""An answer does not overtake what its customer sent and nobody has read yet."""

import json

import pytest
from desk import Desk
from rows import NOON
from shop import ACCOUNT, CUSTOMER, reel, seconds, text, unsent, webhook

from pilito.channels.base import Inbound
from pilito.conversations import answer as answering
from pilito.conversations.receive import receive
from pilito.conversations.reconcile import import_missed
from pilito.conversations.unread import look
from pilito.database import transaction
from pilito.lifecycle import MessageType, WebhookState
from pilito.models import Webhook, db

pytestmark = pytest.mark.usefixtures("desk")


@pytest.fixture
def desk(shop):
    return Desk(shop)


def come(desk, *items, after):
    """The webhook is on the ledger, and nobody has read it."""
    return desk.record(*items, now=NOON + seconds(after))


@pytest.mark.sqlite_only
def test_a_question_waits_for_the_post_that_came_before_it(desk):
    post = come(desk, reel(NOON, mid="reel"), after=1)
    desk.take(text("این لباس چقدره؟", NOON + seconds(5), mid="question"), now=NOON + seconds(5))

    desk.answer(NOON + seconds(10))
    asked_before = len(desk.model.calls)
    desk.call(receive, post, NOON + seconds(11))
    desk.answer(NOON + seconds(20))

    assert asked_before == 0
    assert len(desk.model.calls) == 1
    assert desk.message("question").content.startswith("[CONTEXT: پست/ریلز")


@pytest.mark.sqlite_only
def test_a_question_that_was_read_back_from_the_provider_waits_too(desk):
    """No event brought it: its own is still on its way, and the post's lies in the queue."""
    post = come(desk, reel(NOON, mid="reel"), after=1)
    question = Inbound(ACCOUNT, CUSTOMER, "question", NOON + seconds(5), MessageType.TEXT, "text", "این لباس چقدره؟")
    desk.call(import_missed, desk.shop.inbox_id, [question], NOON, NOON + seconds(70))

    desk.answer(NOON + seconds(80))
    asked_before = len(desk.model.calls)
    desk.call(receive, post, NOON + seconds(81))
    desk.answer(NOON + seconds(120))

    assert asked_before == 0
    assert len(desk.model.calls) == 1
    assert desk.message("question").content.startswith("[CONTEXT: پست/ریلز")


@pytest.mark.sqlite_only
def test_the_wait_ends_when_the_post_is_given_up(desk):
    post = come(desk, reel(NOON, mid="reel"), after=1)
    desk.take(text("این لباس چقدره؟", NOON + seconds(5), mid="question"), now=NOON + seconds(5))

    desk.answer(NOON + seconds(120))
    asked_early = len(desk.model.calls)
    with transaction():
        db.session.get_one(Webhook, post).state = WebhookState.FAILED
    desk.answer(NOON + seconds(130))

    assert asked_early == 0
    assert len(desk.model.calls) == 1


@pytest.mark.sqlite_only
def test_after_an_outage_the_old_post_is_still_waited_for(desk):
    come(desk, reel(NOON, mid="reel"), after=1)
    question = come(desk, text("این لباس چقدره؟", NOON + seconds(5), mid="question"), after=5)

    desk.call(receive, question, NOON + seconds(600))
    desk.answer(NOON + seconds(610))

    assert desk.model.calls == []


def test_the_post_is_waited_for_behind_a_long_queue_of_others(desk):
    for number in range(60):
        come(desk, text("سلام", NOON, mid=f"other-{number}", customer=CUSTOMER[::-1]), after=0.5)
    come(desk, reel(NOON, mid="reel"), after=1)
    desk.take(text("این لباس چقدره؟", NOON + seconds(5), mid="question"), now=NOON + seconds(5))

    desk.answer(NOON + seconds(10))

    assert desk.model.calls == []


def test_a_question_that_was_taken_back_while_nobody_read_is_not_answered(desk):
    desk.take(text("این لباس چقدره؟", NOON + seconds(5), mid="question"), now=NOON + seconds(5))
    taken_back = come(desk, unsent("question", NOON + seconds(6)), after=6)

    desk.answer(NOON + seconds(10))
    desk.call(receive, taken_back, NOON + seconds(11))
    desk.answer(NOON + seconds(20))

    assert desk.model.calls == []


@pytest.mark.sqlite_only
def test_whoever_writes_on_and_on_is_answered_all_the_same(desk):
    desk.take(text("این لباس چقدره؟", NOON + seconds(5), mid="question"), now=NOON + seconds(5))
    come(desk, text("مرسی", NOON + seconds(126), mid="later"), after=126)

    desk.answer(NOON + seconds(130))

    assert len(desk.model.calls) == 1


@pytest.mark.sqlite_only
@pytest.mark.parametrize(("waited", "pause"), [(0.5, 1), (8, 4), (110, 10)])
def test_the_longer_the_queue_the_more_rarely_it_looks(desk, waited, pause):
    desk.take(text("این لباس چقدره؟", NOON, mid="question"), now=NOON)
    come(desk, reel(NOON, mid="reel"), after=10)

    desk.answer(NOON + seconds(10 + waited))

    assert desk.turn.due_at == NOON + seconds(10 + waited + pause)


@pytest.mark.sqlite_only
@pytest.mark.parametrize(("others", "pause"), [(24, 1), (99, 4), (1_999, 80), (3_999, 120)])
def test_it_does_not_look_again_before_the_queue_can_have_been_read(desk, others, pause):
    desk.take(text("این لباس چقدره؟", NOON, mid="question"), now=NOON)
    with transaction():
        db.session.add_all(
            Webhook(channel="instagram", body=b"{}", received_at=NOON + seconds(9), state=WebhookState.PENDING)
            for _ in range(others)
        )
    come(desk, reel(NOON, mid="reel"), after=10)

    desk.answer(NOON + seconds(10.5))

    assert desk.turn.due_at == NOON + seconds(10.5 + pause)


def test_what_comes_between_the_look_and_the_claim_is_answered_together_with_it(desk, monkeypatch):
    desk.take(text("این لباس چقدره؟", NOON, mid="question"), now=NOON)

    def look_and_be_written_to(turn_id, now):
        seen = look(turn_id, now)
        desk.take(text("سایز ۴۰ هم دارید؟", NOON + seconds(10), mid="second"), now=now)
        return seen

    with monkeypatch.context() as beside:
        beside.setattr(answering, "look", look_and_be_written_to)
        desk.answer(NOON + seconds(10))
    asked_before = len(desk.model.calls)
    desk.answer(NOON + seconds(20))

    assert asked_before == 0
    assert len(desk.model.calls) == 1
    assert desk.message("question").answered_by_id == desk.message("second").answered_by_id is not None


@pytest.mark.sqlite_only
def test_what_somebody_else_sent_does_not_hold_it(desk):
    come(desk, reel(NOON, mid="reel", customer=CUSTOMER[::-1]), after=1)
    desk.take(text("این لباس چقدره؟", NOON + seconds(5), mid="question"), now=NOON + seconds(5))

    desk.answer(NOON + seconds(10))

    assert len(desk.model.calls) == 1


@pytest.mark.sqlite_only
def test_the_queue_of_another_account_does_not_make_it_wait(desk):
    desk.take(text("این لباس چقدره؟", NOON, mid="question"), now=NOON)
    with transaction():
        db.session.add_all(
            Webhook(
                channel="instagram",
                account="999",
                body=b"{}",
                received_at=NOON + seconds(9),
                state=WebhookState.PENDING,
            )
            for _ in range(1_999)
        )
    come(desk, reel(NOON, mid="reel"), after=10)

    desk.answer(NOON + seconds(10.5))

    assert desk.turn.due_at == NOON + seconds(11.5)


def test_a_post_in_a_body_of_several_accounts_is_waited_for(desk):
    body = webhook(reel(NOON, mid="reel"))
    body["entry"] += webhook(text("سلام", NOON, account="999"), account="999")["entry"]
    come(desk, json.dumps(body).encode(), after=1)
    desk.take(text("این لباس چقدره؟", NOON + seconds(5), mid="question"), now=NOON + seconds(5))

    desk.answer(NOON + seconds(10))

    assert desk.model.calls == []
