"""A reply is sent: in order, once, and never again when nobody knows whether it was."""

import time
from datetime import timedelta
from functools import partial

import pytest
from desk import Desk
from rows import NOON
from shop import ACCOUNT, echo, reel, seconds, text

from pilito import hints, keys
from pilito.channels.base import OutboundReaction
from pilito.channels.instagram import client
from pilito.conversations import deliver as delivering
from pilito.conversations.answer import answer
from pilito.conversations.block import block
from pilito.conversations.choose_mode import choose_mode
from pilito.conversations.close import close
from pilito.conversations.connect import connect
from pilito.conversations.deliver import deliver
from pilito.conversations.payload import Extras
from pilito.conversations.reply import reply
from pilito.conversations.snooze import snooze
from pilito.conversations.take_over import give_back, take_over
from pilito.database import transaction
from pilito.extensions import channels
from pilito.jobs.replies import get_model
from pilito.lifecycle import (
    AssistantMode,
    ConversationState,
    DeliveryState,
    HandOverReason,
    InboxState,
    TurnState,
)
from pilito.models import Audit, Delivery, Inbox, Message, Turn, db
from pilito.queries.panel import Zone, zone_of

PENDING, SENDING, SENT, FAILED, UNKNOWN = (
    DeliveryState.PENDING,
    DeliveryState.SENDING,
    DeliveryState.SENT,
    DeliveryState.FAILED,
    DeliveryState.UNKNOWN,
)
RATE_LIMITED = (400, {"error": {"code": 613, "message": "slower"}})
TOKEN_DEAD = (401, {"error": {"code": 190, "message": "expired"}})
WINDOW_CLOSED = (400, {"error": {"code": 10, "error_subcode": 2534022, "message": "outside"}})
LONG = "\n".join(f"{chr(0x1F331 + count)} این محصول در این رنگ موجود است." for count in range(33))


@pytest.fixture
def desk(shop, begin):
    return Desk(begin(shop, a_reply_is_ready))


def a_reply_is_ready(shop):
    desk = Desk(shop)
    desk.take(text("چنده؟", NOON, mid="question"))
    desk.answer(NOON)


@pytest.fixture
def long_desk(shop, begin):
    return Desk(begin(shop, a_long_reply_is_ready))


def a_long_reply_is_ready(shop):
    desk = Desk(shop)
    desk.model.reply = {"reply": LONG, "hand_over": False}
    desk.take(text("همه را بگو", NOON, mid="question"))
    desk.answer(NOON)


def states(desk):
    return [delivery.state for delivery in desk.deliveries]


def say(desk, words, now=NOON):
    return desk.call(reply, desk.conversation.id, None, words, words, now).id


def try_everything_again(desk):
    """Whatever could send once more, for an hour."""
    for minute in (1, 5, 20, 59):
        desk.sweep(NOON + seconds(60 * minute))
        desk.shop.work()
        desk.deliver(NOON + seconds(60 * minute))


@pytest.mark.sqlite_only
def test_a_reply_is_sent_with_its_id_and_answers_its_question(desk):
    desk.deliver(NOON + seconds(1))

    (delivery,) = desk.deliveries
    assert (delivery.state, delivery.external_id) == (SENT, "mid.sent.1")
    assert (delivery.attempt, delivery.lease_until, delivery.sent_at) == (1, None, NOON + seconds(1))
    assert desk.message("question").answered_by_id == delivery.message_id
    assert desk.graph.sent[0]["to"] == "600000000000001"


@pytest.mark.sqlite_only
def test_c10_a_long_reply_leaves_in_parts_in_their_order(long_desk):
    desk = long_desk

    desk.deliver(NOON)

    assert len(desk.graph.texts) > 1
    assert all(len(part.encode()) <= 1000 for part in desk.graph.texts)
    assert "\n".join(desk.graph.texts).split() == LONG.split()
    assert [one.external_id for one in desk.deliveries] == [one["mid"] for one in desk.graph.sent]


@pytest.mark.sqlite_only
def test_a_later_part_waits_for_an_earlier_one(long_desk):
    desk = long_desk
    desk.graph.script = [RATE_LIMITED]

    desk.deliver(NOON)
    waiting = list(desk.graph.texts)
    desk.deliver(desk.deliveries[0].due_at)

    assert waiting == []
    assert "\n".join(desk.graph.texts).split() == LONG.split()


@pytest.mark.sqlite_only
def test_the_rest_of_a_reply_stays_when_a_part_fails(long_desk):
    desk = long_desk
    desk.graph.script = [None, WINDOW_CLOSED]

    desk.deliver(NOON)
    try_everything_again(desk)

    assert states(desk)[:2] == [SENT, FAILED]
    assert set(states(desk)[2:]) == {FAILED}
    assert desk.deliveries[2].error == "earlier_part_failed"
    assert len(desk.graph.sent) == 1
    assert desk.conversation.state is ConversationState.HANDED_OVER
    assert desk.message("question").answered_by_id is not None


def test_a_rate_limit_sends_later_and_once(desk):
    desk.graph.script = [RATE_LIMITED]

    desk.deliver(NOON)
    desk.deliver(NOON + seconds(1))
    (delivery,) = desk.deliveries
    assert (delivery.state, delivery.error, delivery.error_code) == (PENDING, "rate_limited", "613")
    assert delivery.error_text == "slower"
    assert delivery.lease_until is None
    assert NOON + seconds(1.5) <= delivery.due_at <= NOON + seconds(2.5)
    assert len(desk.graph.calls) == 1
    desk.deliver(delivery.due_at)

    (delivery,) = desk.deliveries
    assert (delivery.state, delivery.error) == (SENT, None)
    assert len(desk.graph.sent) == 1


@pytest.mark.sqlite_only
def test_what_was_refused_for_now_comes_back_by_a_job_of_its_time(desk, monkeypatch):
    monkeypatch.setattr("pilito.jobs.deliveries.utc_now", lambda: NOON + seconds(3))
    desk.graph.script = [RATE_LIMITED]
    desk.deliver(NOON)
    due_at = desk.deliveries[0].due_at
    desk.shop.work()

    assert [desk.shop.tick(due_at - seconds(0.1)), desk.shop.tick(due_at)] == [0, 1]
    desk.shop.work()

    assert states(desk) == [SENT]


@pytest.mark.sqlite_only
def test_each_refusal_makes_the_pause_twice_as_long_and_no_two_replies_come_back_at_one_moment(desk):
    desk.graph.script = [RATE_LIMITED] * 4
    pauses, now = [], NOON
    for _ in range(4):
        desk.deliver(now)
        due_at = desk.deliveries[0].due_at
        pauses.append((due_at - now).total_seconds())
        now = due_at

    for pause, usual in zip(pauses, (2, 4, 8, 16), strict=True):
        assert 0.75 * usual <= pause <= 1.25 * usual
        assert pause != usual


@pytest.mark.sqlite_only
def test_a_rate_limit_that_does_not_end_goes_to_a_person(desk):
    desk.graph.script = [RATE_LIMITED] * 9

    for _ in range(9):
        desk.deliver(desk.deliveries[0].due_at)

    assert len(desk.graph.calls) == 5
    assert states(desk) == [FAILED]
    assert desk.conversation.hand_over_reason is HandOverReason.DELIVERY_FAILED
    assert desk.message("question").answered_by_id is None


def cut_off(monkeypatch, port):
    """Nothing listens there: no byte of what is sent can leave."""
    channel = channels["instagram"]
    away = channel._settings.model_copy(update={"instagram_graph_url": f"http://127.0.0.1:{port}"})
    monkeypatch.setattr(channel, "_settings", away)


@pytest.mark.sqlite_only
def test_what_surely_never_left_is_tried_until_there_is_a_connection_again(desk, monkeypatch, free_port):
    with monkeypatch.context() as without:
        cut_off(without, free_port)
        for _ in range(9):
            desk.deliver(desk.deliveries[0].due_at)
    cut_for, waiting = desk.deliveries[0].due_at - NOON, states(desk)

    desk.deliver(desk.deliveries[0].due_at)

    assert waiting == [PENDING]
    assert seconds(120) < cut_for < seconds(600)
    assert (states(desk), len(desk.graph.sent)) == ([SENT], 1)
    assert desk.conversation.state is ConversationState.ASSISTANT


@pytest.mark.sqlite_only
def test_and_after_ten_minutes_without_any_it_goes_to_a_person(desk, monkeypatch, free_port):
    cut_off(monkeypatch, free_port)
    times = []
    while states(desk) == [PENDING]:
        times.append(desk.deliveries[0].due_at)
        desk.deliver(times[-1])

    assert seconds(450) < times[-1] - NOON < seconds(750)
    # So soon it goes when the connection is back: less than the two minutes in which all has to be finished.
    assert max(later - at for at, later in zip(times, times[1:], strict=False)) <= seconds(75)
    assert desk.conversation.hand_over_reason is HandOverReason.DELIVERY_FAILED
    assert desk.graph.calls == []


@pytest.mark.sqlite_only
def test_a_dead_token_stops_the_inbox_which_keeps_receiving_and_sends_when_connected_again(desk):
    desk.graph.script = [TOKEN_DEAD]

    desk.deliver(NOON)
    inbox = desk.rows(Inbox)[0]
    assert (inbox.state, inbox.stop_reason) == (InboxState.STOPPED, "token_dead")
    desk.take(text("هستید؟", NOON + seconds(5), mid="later"), now=NOON + seconds(5))
    woken = desk.sweep(NOON + seconds(60))["deliveries"]
    desk.deliver(NOON + seconds(60))
    assert desk.message("later")
    assert woken == 0
    assert len(desk.graph.calls) == 1
    desk.call(connect, "instagram", "x", ACCOUNT, "new-token", {}, AssistantMode.AUTO, NOON + seconds(90))
    woken = desk.sweep(NOON + seconds(95))["deliveries"]
    desk.deliver(NOON + seconds(95))

    assert woken == 1
    assert states(desk) == [SENT]
    assert desk.rows(Inbox)[0].stop_reason is None


@pytest.mark.sqlite_only
def test_a_token_that_died_in_a_call_does_not_stop_the_connection_made_meanwhile(desk, monkeypatch):
    monkeypatch.setattr("pilito.jobs.deliveries.utc_now", lambda: NOON + seconds(1))  # within the window for people

    def connect_again(*_):
        desk.call(connect, "instagram", "x", ACCOUNT, "new-token", {}, AssistantMode.AUTO, NOON)
        with desk.app.app_context():
            hints.queue(keys.DELIVERIES).empty()  # its job came while the call was under way, and found nothing to do
        return TOKEN_DEAD

    desk.graph.script = [connect_again]

    desk.deliver(NOON)
    inbox = desk.rows(Inbox)[0]
    waiting = states(desk)
    desk.shop.work()

    assert (inbox.state, inbox.stop_reason) == (InboxState.ACTIVE, None)
    assert waiting == [PENDING]
    assert states(desk) == [SENT]


@pytest.mark.sqlite_only
def test_a_refusal_for_the_window_is_final_and_goes_to_a_person(desk):
    desk.graph.script = [WINDOW_CLOSED]

    desk.deliver(NOON)
    try_everything_again(desk)

    (delivery,) = desk.deliveries
    assert (delivery.state, delivery.error, delivery.error_code) == (FAILED, "window_closed", "10/2534022")
    assert len(desk.graph.calls) == 1
    assert desk.conversation.state is ConversationState.HANDED_OVER
    assert desk.conversation.hand_over_reason is HandOverReason.DELIVERY_FAILED
    assert desk.message("question").answered_by_id is None
    assert desk.conversation.unanswered_since == NOON


@pytest.mark.sqlite_only
def test_a_reply_whose_window_closed_before_it_left_is_not_tried(desk):
    desk.deliver(NOON + seconds(24 * 3600))

    assert states(desk) == [FAILED]
    assert desk.deliveries[0].error == "window_closed"
    assert desk.graph.calls == []


def take_over_first(desk):
    desk.call(take_over, desk.conversation.id, None, NOON)


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (None, SENT),
        (RATE_LIMITED, PENDING),
        (TOKEN_DEAD, PENDING),
        ((500, {}), UNKNOWN),
        (WINDOW_CLOSED, FAILED),
        (take_over_first, FAILED),
    ],
)
def test_whatever_becomes_of_a_reply_the_panels_are_told(desk, answer, state):
    if callable(answer):
        answer(desk)
    desk.graph.script = [answer]
    shown = desk.conversation.seq

    desk.deliver(NOON)

    assert states(desk) == [state]
    assert shown < desk.replies[0].seq <= desk.conversation.seq


@pytest.mark.sqlite_only
@pytest.mark.parametrize("answer", [None, (500, {}), WINDOW_CLOSED])
def test_whatever_becomes_of_a_reply_the_next_one_is_woken(shop, answer):
    desk = Desk(shop)
    desk.take(text("چنده؟", NOON))
    first, second = say(desk, "اول"), say(desk, "دوم")
    hints.queue(keys.DELIVERIES).empty()
    desk.graph.script = [answer]

    desk.call(deliver, first, lambda: NOON)

    assert [job.args for job in hints.queue(keys.DELIVERIES).jobs] == [[second]]


def fail_after_the_close(desk):
    """A person answered and closed at once; the provider refuses what they said."""
    say(desk, "بله", NOON + seconds(5))
    desk.call(close, desk.conversation.id, None, NOON + seconds(6))
    desk.graph.script = [WINDOW_CLOSED]
    desk.deliver(NOON + seconds(7))


def test_a_customer_whose_reply_failed_after_a_close_waits_again_for_whoever_has_it_then(shop):
    desk = Desk(shop)
    desk.take(text("چنده؟", NOON, mid="question"))

    fail_after_the_close(desk)

    assert desk.conversation.hand_over_reason is HandOverReason.DELIVERY_FAILED
    assert desk.conversation.unanswered_since == NOON
    desk.call(take_over, desk.conversation.id, None, NOON + seconds(8))
    assert zone_of(desk.conversation, NOON + seconds(9)) is Zone.NEEDS_YOU


def test_and_the_assistant_answers_it_together_with_what_came_since_once_it_is_given_back(shop):
    desk = Desk(shop)
    desk.take(text("چنده؟", NOON, mid="question"))
    fail_after_the_close(desk)
    desk.take(text("و سایز؟", NOON + seconds(8), mid="second"), now=NOON + seconds(8))

    desk.call(give_back, desk.conversation.id, None, NOON + seconds(9))
    desk.answer(NOON + seconds(20))

    assert desk.message("question").answered_by_id == desk.message("second").answered_by_id == desk.replies[-1].id


@pytest.mark.sqlite_only
def test_nobody_waits_in_a_closed_conversation_whose_customer_was_blocked(shop):
    desk = Desk(shop)
    desk.take(text("چنده؟", NOON, mid="question"))
    say(desk, "بله", NOON + seconds(5))
    number = desk.conversation.id

    def meet(_payload):
        desk.call(block, number, None, NOON + seconds(6))
        return WINDOW_CLOSED

    desk.graph.script = [meet]
    desk.deliver(NOON + seconds(7))

    assert states(desk) == [FAILED]
    assert (desk.conversation.state, desk.conversation.unanswered_since) == (ConversationState.CLOSED, None)


@pytest.mark.sqlite_only
def test_nor_for_a_lone_share_whose_reply_failed_after_a_close(shop):
    desk = Desk(shop)
    desk.take(reel(NOON, mid="reel"))

    fail_after_the_close(desk)

    assert desk.conversation.state is ConversationState.HANDED_OVER
    assert desk.message("reel").answered_by_id is None
    assert desk.conversation.unanswered_since is None


@pytest.mark.sqlite_only
@pytest.mark.parametrize("later", [None, 5, -60])
def test_a_customer_whose_reply_failed_waits_since_the_oldest_question(desk, later):
    if later:
        desk.take(text("هستید؟", NOON + seconds(later)))
        assert desk.conversation.unanswered_since == NOON + seconds(later)
    desk.graph.script = [WINDOW_CLOSED]

    desk.deliver(NOON + seconds(6))

    assert desk.conversation.unanswered_since == NOON + seconds(min(later or 0, 0))


@pytest.mark.sqlite_only
def test_a_lone_share_whose_reply_failed_waits_for_nobody(shop):
    desk = Desk(shop)
    desk.take(reel(NOON, mid="reel"))
    say(desk, "چه کمکی کنم؟", NOON + seconds(150))
    assert desk.message("reel").answered_by_id
    desk.graph.script = [WINDOW_CLOSED]

    desk.deliver(NOON + seconds(151))

    assert states(desk) == [FAILED]
    assert desk.conversation.unanswered_since is None


# --- not known -------------------------------------------------------------------------------------------------------


def accept_too_late(desk, payload):
    answer = desk.graph.default(payload)
    time.sleep(0.3)
    return answer


@pytest.mark.sqlite_only
@pytest.mark.parametrize("failure", ["500", "reset", "time-out", "broken"])
def test_a_send_that_may_have_happened_is_never_repeated(desk, monkeypatch, failure):
    monkeypatch.setattr(client, "READ_SECONDS", 0.15)
    answers = {
        "500": (500, {"error": {"code": 2}}),
        "reset": lambda payload: "reset",
        "time-out": partial(accept_too_late, desk),
        "broken": (200, b"{"),
    }
    desk.graph.script = [answers[failure]]

    desk.deliver(NOON)
    try_everything_again(desk)

    assert states(desk) == [UNKNOWN]
    assert len(desk.graph.calls) == 1
    assert desk.conversation.state is ConversationState.HANDED_OVER
    assert desk.conversation.hand_over_reason is HandOverReason.DELIVERY_UNKNOWN


def test_a_worker_killed_during_the_send_leaves_an_unknown_that_is_never_repeated(desk):
    desk.call(delivering._claim, desk.deliveries[0].message_id, NOON)

    desk.sweep(NOON + seconds(delivering.LEASE_SECONDS - 1))
    before = states(desk)
    found = desk.sweep(NOON + seconds(delivering.LEASE_SECONDS))
    try_everything_again(desk)

    assert before == [SENDING]
    assert found["lost_sends"] == 1
    (delivery,) = desk.deliveries
    assert (delivery.state, delivery.error, delivery.lease_until) == (UNKNOWN, "outcome_unknown", None)
    assert delivery.unknown_at == NOON + seconds(delivering.LEASE_SECONDS)
    assert desk.graph.calls == []
    assert desk.conversation.hand_over_reason is HandOverReason.DELIVERY_UNKNOWN


@pytest.mark.sqlite_only
def test_of_an_uncertain_attempt_nothing_is_said_that_an_earlier_one_was_told(desk):
    desk.graph.script = [RATE_LIMITED]
    desk.deliver(NOON)
    desk.call(delivering._claim, desk.deliveries[0].message_id, NOON + seconds(3))
    assert desk.deliveries[0].error is None

    desk.sweep(NOON + seconds(3 + delivering.LEASE_SECONDS))

    (delivery,) = desk.deliveries
    assert (delivery.state, delivery.error) == (UNKNOWN, "outcome_unknown")
    assert (delivery.error_code, delivery.error_text) == (None, None)


@pytest.mark.sqlite_only
def test_a_result_that_comes_after_the_lease_settles_it(desk):
    def slow(payload):
        desk.sweep(NOON + seconds(delivering.LEASE_SECONDS))
        return desk.graph.default(payload)

    desk.graph.script = [slow]

    desk.deliver(NOON)

    assert states(desk) == [SENT]
    assert desk.conversation.state is ConversationState.ASSISTANT


@pytest.mark.sqlite_only
def test_a_refusal_that_comes_after_the_lease_leaves_it_unknown(desk):
    def slow(payload):
        desk.sweep(NOON + seconds(delivering.LEASE_SECONDS))
        return RATE_LIMITED

    desk.graph.script = [slow]

    desk.deliver(NOON)

    assert states(desk) == [UNKNOWN]


@pytest.mark.sqlite_only
def test_a_reply_of_a_person_goes_on_after_an_unknown_one(desk):
    desk.graph.script = [(500, {})]
    desk.deliver(NOON)

    say(desk, "سلام، من هستم")
    desk.deliver(NOON)

    assert states(desk) == [UNKNOWN, SENT]
    assert desk.graph.texts == ["سلام، من هستم"]


@pytest.mark.sqlite_only
def test_people_who_were_called_for_an_uncertain_reply_are_not_called_again_for_the_next_that_fails(shop):
    desk = Desk(shop)
    desk.take(text("چنده؟", NOON))
    say(desk, "اول"), say(desk, "دوم")
    desk.graph.script = [(500, {}), WINDOW_CLOSED]

    desk.deliver(NOON)

    assert states(desk) == [UNKNOWN, FAILED]
    assert desk.conversation.hand_over_reason is HandOverReason.DELIVERY_UNKNOWN
    assert len(desk.rows(Audit, action="handed_over")) == 1


# --- a person --------------------------------------------------------------------------------------------------------


@pytest.mark.sqlite_only
def test_a_reply_that_was_taken_over_before_it_left_stays_and_its_question_is_unanswered_again(desk):
    desk.call(take_over, desk.conversation.id, None, NOON)

    desk.deliver(NOON)
    try_everything_again(desk)

    (delivery,) = desk.deliveries
    assert (delivery.state, delivery.error) == (FAILED, "taken_over")
    assert desk.graph.calls == []
    assert desk.message("question").answered_by_id is None
    assert desk.conversation.unanswered_since == NOON
    assert desk.conversation.state is ConversationState.OPERATOR


@pytest.mark.sqlite_only
def test_a_reply_that_was_taken_over_and_given_back_before_it_left_is_written_anew(desk):
    conversation_id = desk.conversation.id
    desk.call(take_over, conversation_id, None, NOON)
    desk.call(give_back, conversation_id, None, NOON)

    desk.deliver(NOON)
    desk.answer(NOON)
    desk.deliver(NOON)

    assert states(desk) == [FAILED, SENT]
    assert len(desk.graph.sent) == 1
    assert desk.message("question").answered_by_id == desk.replies[1].id
    assert [turn.state for turn in desk.rows(Turn)] == [TurnState.ANSWERED, TurnState.ANSWERED]


BY_PERSON = {
    "takes it over": (lambda desk, where: desk.call(take_over, where, None, NOON), []),
    "replies": (lambda desk, where: desk.call(reply, where, None, "من هستم", "c1", NOON), ["من هستم"]),
    "types on the phone": (lambda desk, _where: desk.take(echo("از گوشی", NOON, "phone")), []),
}


@pytest.mark.parametrize("deed", BY_PERSON)
def test_t10_of_a_reply_that_a_person_meets_in_the_call_the_part_under_way_stays_and_none_follows(long_desk, deed):
    desk, (do, said) = long_desk, BY_PERSON[deed]
    conversation_id, epoch, parts = desk.conversation.id, desk.conversation.epoch, len(desk.deliveries)

    def meet(payload):
        do(desk, conversation_id)
        return desk.graph.default(payload)

    desk.graph.script = [meet]
    desk.deliver(NOON)
    desk.deliver(NOON)
    try_everything_again(desk)

    ours = [one for one in desk.deliveries if one.text not in said]
    assert [one.state for one in ours] == [SENT] + [FAILED] * (parts - 1)
    assert [one.error for one in ours] == [None, "taken_over"] + ["earlier_part_failed"] * (parts - 2)
    assert desk.graph.texts == [ours[0].text, *said]
    assert desk.conversation.epoch == epoch + 1
    assert desk.conversation.state is ConversationState.OPERATOR
    assert len(desk.model.calls) == 1


@pytest.mark.sqlite_only
@pytest.mark.parametrize("mode", [AssistantMode.DRAFT, None])
def test_half_an_answer_that_another_mode_stops_is_put_before_people(long_desk, mode):
    desk, conversation_id = long_desk, long_desk.conversation.id

    def choose(payload):
        desk.call(choose_mode, conversation_id, AssistantMode.DRAFT, None, NOON)
        desk.call(choose_mode, conversation_id, mode, None, NOON)
        return desk.graph.default(payload)

    desk.graph.script = [choose]
    desk.deliver(NOON)
    try_everything_again(desk)

    assert len(desk.graph.texts) == 1
    assert desk.deliveries[1].error == "taken_over"
    assert (desk.conversation.state, desk.conversation.hand_over_reason) == (
        ConversationState.HANDED_OVER,
        HandOverReason.DELIVERY_FAILED,
    )
    assert len(desk.model.calls) == 1


PUT_AWAY = {
    "closes it": lambda desk, where: desk.call(close, where, None, NOON),
    "puts it off": lambda desk, where: desk.call(snooze, where, None, NOON + timedelta(days=1), NOON),
}


@pytest.mark.parametrize("deed", PUT_AWAY)
def test_t10_half_an_answer_is_put_before_people_where_somebody_put_the_conversation_away_in_the_call(long_desk, deed):
    desk, conversation_id = long_desk, long_desk.conversation.id

    def meet(payload):
        PUT_AWAY[deed](desk, conversation_id)
        return desk.graph.default(payload)

    desk.graph.script = [meet]
    desk.deliver(NOON)
    try_everything_again(desk)

    assert len(desk.graph.texts) == 1
    assert desk.deliveries[1].error == "taken_over"
    assert (desk.conversation.state, desk.conversation.hand_over_reason, desk.conversation.snoozed_until) == (
        ConversationState.HANDED_OVER,
        HandOverReason.DELIVERY_FAILED,
        None,
    )
    assert len(desk.model.calls) == 1


@pytest.mark.sqlite_only
@pytest.mark.parametrize("deed", PUT_AWAY)
def test_nobody_is_called_for_half_an_answer_after_which_a_person_has_written(long_desk, deed):
    desk, conversation_id = long_desk, long_desk.conversation.id

    def meet(payload):
        desk.call(reply, conversation_id, None, "من هستم", "c1", NOON)
        PUT_AWAY[deed](desk, conversation_id)
        return desk.graph.default(payload)

    desk.graph.script = [meet]
    desk.deliver(NOON)
    desk.deliver(NOON)
    try_everything_again(desk)

    assert desk.graph.texts[1:] == ["من هستم"]
    is_closed = deed == "closes it"
    assert desk.conversation.state is (ConversationState.CLOSED if is_closed else ConversationState.OPERATOR)
    assert (desk.conversation.snoozed_until is None) is is_closed


@pytest.mark.sqlite_only
def test_nobody_is_called_for_half_an_answer_to_somebody_who_was_blocked(long_desk):
    desk, conversation_id = long_desk, long_desk.conversation.id

    def meet(payload):
        desk.call(block, conversation_id, None, NOON)
        return desk.graph.default(payload)

    desk.graph.script = [meet]
    desk.deliver(NOON)
    try_everything_again(desk)

    assert len(desk.graph.texts) == 1
    assert desk.conversation.state is ConversationState.CLOSED


@pytest.mark.sqlite_only
def test_t10_a_reply_of_one_part_that_a_person_meets_in_the_call_stays_beside_theirs(desk):
    conversation_id = desk.conversation.id

    def meet(payload):
        desk.call(reply, conversation_id, None, "من هستم", "c1", NOON)
        return desk.graph.default(payload)

    desk.graph.script = [meet]
    desk.deliver(NOON)
    desk.deliver(NOON)
    try_everything_again(desk)

    assert states(desk) == [SENT, SENT]
    assert desk.graph.texts[1:] == ["من هستم"]
    assert desk.message("question").answered_by_id == desk.replies[0].id


@pytest.mark.sqlite_only
def test_the_reply_of_a_person_leaves_whoever_holds_the_conversation(desk):
    desk.deliver(NOON)
    say(desk, "از ما")
    desk.call(give_back, desk.conversation.id, None, NOON)

    desk.deliver(NOON)

    assert states(desk) == [SENT, SENT]


# --- at once, in order -----------------------------------------------------------------------------------------------


def test_many_workers_with_the_same_job_send_once(desk):
    message_id = desk.deliveries[0].message_id

    results = desk.together(*[partial(deliver, message_id, lambda: NOON)] * 6)

    assert results == [None] * 6
    assert states(desk) == [SENT]
    assert len(desk.graph.calls) == 1


@pytest.mark.sqlite_only
def test_a_later_reply_waits_for_an_earlier_one(desk):
    desk.graph.script = [RATE_LIMITED]
    say(desk, "اول")
    second = say(desk, "دوم")
    desk.deliver(NOON)  # the assistant's own reply was taken over; the first of the person is refused for now

    desk.call(deliver, second, lambda: NOON)
    waiting = list(desk.graph.texts)
    desk.deliver(NOON + seconds(3))

    assert waiting == []
    assert desk.graph.texts == ["اول", "دوم"]


@pytest.mark.sqlite_only
def test_what_a_person_answered_stays_answered_when_the_assistants_reply_is_withdrawn(desk):
    desk.graph.script = [RATE_LIMITED]
    desk.deliver(NOON)
    person = say(desk, "دو میلیون تومان", NOON + seconds(1))

    desk.deliver(NOON + seconds(10))

    assert states(desk) == [FAILED, SENT]
    assert desk.message("question").answered_by_id == person
    assert desk.conversation.unanswered_since is None


@pytest.mark.sqlite_only
def test_nor_does_the_assistant_answer_it_again_once_it_is_given_back(desk):
    desk.graph.script = [RATE_LIMITED]
    desk.deliver(NOON)
    say(desk, "دو میلیون تومان", NOON + seconds(1))
    desk.call(give_back, desk.conversation.id, None, NOON + seconds(2))

    desk.deliver(NOON + seconds(10))

    assert [turn.state for turn in desk.rows(Turn)] == [TurnState.ANSWERED]


@pytest.mark.sqlite_only
def test_what_came_after_the_persons_reply_is_not_answered_by_it(desk):
    desk.graph.script = [RATE_LIMITED]
    desk.deliver(NOON)
    say(desk, "دو میلیون تومان", NOON + seconds(1))
    desk.take(text("و سایز؟", NOON + seconds(2), mid="later"), now=NOON + seconds(2))

    desk.deliver(NOON + seconds(10))

    assert desk.message("later").answered_by_id is None
    assert desk.conversation.unanswered_since == NOON + seconds(2)


@pytest.mark.sqlite_only
def test_a_heart_of_a_person_answers_nothing(desk):
    desk.graph.script = [RATE_LIMITED]
    desk.deliver(NOON)
    heart = Extras(reaction=OutboundReaction("question", "❤️"))
    desk.call(reply, desk.conversation.id, None, "", "heart", NOON + seconds(1), heart)
    desk.call(take_over, desk.conversation.id, None, NOON + seconds(2))

    desk.deliver(NOON + seconds(10))

    assert states(desk)[0] is FAILED
    assert desk.message("question").answered_by_id is None
    assert desk.conversation.unanswered_since == NOON


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("answered", "error"),
    [(WINDOW_CLOSED, "window_closed"), ((500, {}), "outcome_unknown"), ("its worker dies", "outcome_unknown")],
)
def test_a_heart_that_does_not_arrive_takes_the_conversation_from_nobody(desk, answered, error):
    desk.deliver(NOON)
    heart = Extras(reaction=OutboundReaction("question", "❤️"))
    number = desk.call(reply, desk.conversation.id, None, "", "heart", NOON + seconds(1), heart).id
    if answered == "its worker dies":
        desk.call(delivering._claim, number, NOON + seconds(1))
        desk.sweep(NOON + seconds(70))
    else:
        desk.graph.script = [answered]
        desk.deliver(NOON + seconds(1))
    desk.take(text("و سایز؟", NOON + seconds(80)), now=NOON + seconds(80))
    desk.answer(NOON + seconds(83))

    assert (states(desk)[1], desk.deliveries[1].error) == (FAILED, error)
    assert desk.conversation.state is ConversationState.ASSISTANT
    assert len(desk.replies) == 3


@pytest.mark.sqlite_only
def test_a_heart_that_does_not_arrive_is_shown_so_and_holds_up_nothing(shop):
    desk = Desk(shop)
    desk.take(text("چنده؟", NOON, mid="question"))
    heart = Extras(reaction=OutboundReaction("question", "❤️"))
    first = desk.call(reply, desk.conversation.id, None, "", "heart", NOON, heart).id
    second = say(desk, "بله")
    hints.queue(keys.DELIVERIES).empty()
    shown = desk.conversation.seq
    desk.graph.script = [WINDOW_CLOSED]

    desk.call(deliver, first, lambda: NOON)

    assert desk.replies[0].seq > shown
    assert [job.args for job in hints.queue(keys.DELIVERIES).jobs] == [[second]]


@pytest.mark.sqlite_only
def test_a_persons_reply_that_is_lost_too_answers_nothing(desk):
    desk.graph.script = [RATE_LIMITED, RATE_LIMITED]
    desk.deliver(NOON)
    say(desk, "دو میلیون تومان", NOON + seconds(1))
    with transaction():
        db.session.scalars(db.select(Delivery).order_by(Delivery.id.desc())).first().state = FAILED

    desk.deliver(NOON + seconds(10))

    assert desk.message("question").answered_by_id is None
    assert desk.conversation.unanswered_since == NOON


@pytest.mark.sqlite_only
def test_a_later_reply_whose_turn_it_is_not_wakes_the_earlier_one(shop):
    desk = Desk(shop)
    desk.take(text("چنده؟", NOON))
    first, second = say(desk, "اول"), say(desk, "دوم")
    hints.queue(keys.DELIVERIES).empty()

    desk.call(deliver, second, lambda: NOON)

    assert desk.graph.texts == []
    assert [job.args for job in hints.queue(keys.DELIVERIES).jobs] == [[first]]


@pytest.mark.sqlite_only
def test_who_wrote_a_reply_sends_it_at_once(shop):
    desk = Desk(shop)
    desk.take(text("چنده؟", NOON))

    answer_and_send(desk)

    assert states(desk) == [SENT]
    assert len(desk.graph.texts) == 1
    assert hints.queue(keys.DELIVERIES).count == 0


@pytest.mark.sqlite_only
def test_all_parts_of_a_long_reply_leave_with_it(shop):
    desk = Desk(shop)
    desk.model.reply = {"reply": LONG, "hand_over": False}
    desk.take(text("همه را بگو", NOON))

    answer_and_send(desk)

    assert set(states(desk)) == {SENT}
    assert "\n".join(desk.graph.texts) == LONG


@pytest.mark.sqlite_only
def test_who_wrote_a_reply_leaves_it_where_an_earlier_one_has_not_left(desk):
    desk.graph.script = [RATE_LIMITED]
    desk.deliver(NOON)
    desk.take(text("و سایز؟", NOON, mid="next"))

    answer_and_send(desk)

    assert states(desk) == [PENDING, PENDING]
    assert desk.graph.texts == []
    assert hints.queue(keys.DELIVERIES).count == 2  # one for each


@pytest.mark.sqlite_only
def test_who_wrote_a_reply_leaves_it_where_the_inbox_is_stopped(shop):
    desk = Desk(shop)
    desk.take(text("چنده؟", NOON))
    stop_inbox()

    answer_and_send(desk)

    assert states(desk) == [PENDING]
    assert desk.graph.calls == []


@pytest.mark.sqlite_only
def test_who_wrote_a_reply_leaves_it_where_no_key_opens_the_token(shop):
    desk = Desk(shop)
    desk.take(text("چنده؟", NOON))
    with transaction():
        db.session.scalar(db.select(Inbox)).token_encrypted = b"not of ours"

    answer_and_send(desk)

    assert states(desk) == [PENDING]
    assert desk.graph.calls == []


@pytest.mark.sqlite_only
def test_a_writer_killed_before_its_send_leaves_an_unknown_that_is_never_repeated(shop, monkeypatch):
    desk = Desk(shop)
    desk.take(text("چنده؟", NOON))
    monkeypatch.setattr(delivering, "_send", lambda claim, clock: None)  # killed before the first byte left

    answer_and_send(desk)
    monkeypatch.undo()
    try_everything_again(desk)

    assert states(desk) == [UNKNOWN]
    assert desk.graph.calls == []


def answer_and_send(desk):
    desk.call(answer, desk.turn.id, get_model(), lambda: NOON, delivering.begin)


def stop_inbox():
    with transaction():
        db.session.scalar(db.select(Inbox)).state = InboxState.STOPPED


def test_replies_of_one_conversation_sent_by_many_workers_keep_their_order(desk):
    ids = [say(desk, f"پاسخ {number}") for number in range(4)]
    desk.deliver(NOON)

    for _ in range(3):
        desk.together(*(partial(deliver, message_id, lambda: NOON) for message_id in reversed(ids)))

    assert desk.graph.texts == [f"پاسخ {number}" for number in range(4)]


@pytest.mark.sqlite_only
def test_an_echo_whose_words_were_changed_is_withdrawn_when_the_answer_shows_that_it_was_ours(desk):
    def echo_first(payload):
        desk.take(echo("متن دیگر", NOON, "mid.sent.1"))
        with desk.app.app_context():
            shown.append(desk.message("mid.sent.1").seq)
        return desk.graph.default(payload)

    shown = []
    desk.graph.script = [echo_first]
    desk.deliver(NOON)

    (withdrawn,) = desk.rows(Message, sender="phone")
    assert (withdrawn.text, withdrawn.content, withdrawn.external_id) == ("", "", None)
    assert withdrawn.deleted_at is not None
    assert withdrawn.seq > shown[0]  # so the panels fetch it once more
    assert states(desk) == [SENT]


@pytest.mark.sqlite_only
def test_a_token_that_no_key_opens_stops_the_inbox_and_the_reply_waits(desk):
    with transaction():
        db.session.scalar(db.select(Inbox)).token_encrypted = b"not of ours"
    shown = desk.conversation.seq

    desk.deliver(NOON + seconds(1))

    (inbox,) = desk.rows(Inbox)
    assert (inbox.state, inbox.stop_reason) == (InboxState.STOPPED, "token_unreadable")
    assert states(desk) == [PENDING]
    assert desk.replies[0].seq > shown


@pytest.mark.sqlite_only
def test_an_operators_uncertain_reply_comes_before_people_and_goes_back_to_them_when_it_is_settled(desk):
    desk.deliver(NOON + seconds(1))
    desk.graph.script.append((500, {}))
    say(desk, "با پست فردا", NOON + seconds(5))
    desk.deliver(NOON + seconds(5))
    uncertain = desk.conversation.state

    desk.take(echo("با پست فردا", NOON + seconds(6), "mid.of.the.phone"), now=NOON + seconds(6))

    assert uncertain is ConversationState.HANDED_OVER
    assert states(desk) == [SENT, SENT]
    assert desk.conversation.state is ConversationState.OPERATOR


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("answer", "reason"),
    [((500, {}), HandOverReason.DELIVERY_UNKNOWN), (WINDOW_CLOSED, HandOverReason.DELIVERY_FAILED)],
)
def test_a_reply_that_did_not_get_out_brings_a_closed_conversation_back(desk, answer, reason):
    desk.deliver(NOON + seconds(1))
    desk.graph.script.append(answer)
    say(desk, "با پست فردا", NOON + seconds(5))
    desk.call(close, desk.conversation.id, None, NOON + seconds(5))

    desk.deliver(NOON + seconds(6))

    assert desk.conversation.state is ConversationState.HANDED_OVER
    assert desk.conversation.hand_over_reason is reason
