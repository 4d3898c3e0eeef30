"""What a person puts off rests in *Waiting*, and comes back: by the clock, by the customer, never lost."""

from datetime import timedelta
from functools import partial

import pytest
from desk import Desk
from rows import NOON, add_operator
from shop import echo, edited, item, reel, seconds, standby, text

from pilito.conversations.assign import assign, assign_nobody
from pilito.conversations.close import close
from pilito.conversations.give_back_due import give_back_due
from pilito.conversations.receive import receive
from pilito.conversations.reply import reply
from pilito.conversations.retract import retract
from pilito.conversations.seen import Seen
from pilito.conversations.snooze import bring_back, mark_seen_to, snooze, wake_snoozed
from pilito.conversations.take_over import give_back
from pilito.conversations.undo import undo
from pilito.database import transaction
from pilito.errors import Refused
from pilito.lifecycle import ConversationState, DeliveryState, HandOverReason, NotificationKind, Role, TurnState
from pilito.models import Audit, Inbox, Notification, db
from pilito.queries import panel as queries
from pilito.queries.panel import Zone, zone_of

LATER = NOON + seconds(60)
WINDOW_CLOSED = (400, {"error": {"code": 10, "error_subcode": 2534022, "message": "outside"}})
MORNING = NOON + seconds(20 * 3600)


@pytest.fixture
def desk(shop):
    """A customer has asked, and a person of the shop is there."""
    desk = Desk(shop)
    desk.take(text("چنده؟", NOON, mid="question"))
    with transaction():
        desk.sara = add_operator(Role.AGENT).id
    desk.number = desk.conversation.id
    return desk


def put_off(desk, until=MORNING, now=LATER, seen=None):
    return desk.call(snooze, desk.conversation.id, desk.sara, until, now, seen)


def zone(desk, now=LATER):
    """The zone by the row and by the list: each the twin of the other."""
    by_row = zone_of(desk.conversation, now)
    shown = {one for one in Zone if desk.call(queries.list_conversations, one, None, 9, now).rows}
    assert shown == {by_row} | ({Zone.OPEN} if by_row is not Zone.DONE else set())
    return by_row


def actions(desk):
    return [audit.action for audit in desk.rows(Audit, conversation_id=desk.conversation.id)]


def test_what_is_put_off_rests_in_waiting_though_nobody_answered(desk):
    put_off(desk)

    assert zone(desk) is Zone.WAITING
    assert (desk.conversation.state, desk.conversation.operator_id) == (ConversationState.OPERATOR, desk.sara)
    assert (desk.conversation.snoozed_until, desk.conversation.unread_count) == (MORNING, 0)
    assert desk.conversation.unanswered_since == NOON
    assert desk.turn.state is TurnState.DROPPED
    assert actions(desk) == ["took_over", "snoozed"]


def test_it_comes_back_when_it_is_due_and_its_holder_is_told(desk):
    put_off(desk)

    assert desk.sweep(MORNING - seconds(1))["returned"] == 0
    assert desk.sweep(MORNING)["returned"] == 1

    assert zone(desk, MORNING) is Zone.NEEDS_YOU
    assert (desk.conversation.snoozed_until, desk.conversation.returned_at) == (None, MORNING)
    (told,) = desk.rows(Notification)
    assert (told.operator_id, told.kind, told.by_id) == (desk.sara, NotificationKind.RETURNED, None)
    assert desk.sweep(MORNING)["returned"] == 0


def test_it_needs_a_person_also_where_everything_was_answered(desk):
    desk.call(reply, desk.conversation.id, desk.sara, "بله", "1", NOON)
    put_off(desk)
    assert zone(desk) is Zone.WAITING

    desk.call(wake_snoozed, MORNING)

    assert zone(desk, MORNING) is Zone.NEEDS_YOU


@pytest.mark.parametrize(
    "what", [text("هستید؟", LATER), reel(LATER), item(LATER, {"attachments": [{"type": "like_heart"}]})]
)
def test_the_customers_next_message_ends_it_at_once(desk, what):
    put_off(desk, now=NOON + seconds(1))

    desk.take(what, now=LATER)

    assert zone(desk) is Zone.NEEDS_YOU
    assert (desk.conversation.snoozed_until, desk.conversation.returned_at) == (None, LATER)
    assert desk.rows(Audit)[-1].details == {"why": "customer"}
    assert desk.call(wake_snoozed, MORNING) == 0


@pytest.mark.sqlite_only
def test_another_apps_message_does_not(desk):
    put_off(desk, now=NOON + seconds(1))

    desk.take(standby(text("هستید؟", LATER)), now=LATER)

    assert desk.conversation.snoozed_until == MORNING


def test_a_snooze_and_the_customers_message_in_the_same_instant_never_hide_it(desk):
    for number in range(6):
        at = NOON + seconds(100 * (number + 1))
        seen, number_of_it = Seen.of(desk.conversation), desk.conversation.id
        webhook_id = desk.record(text(f"{number}", at, mid=f"race-{number}"), now=at)

        put, _ = desk.together(
            partial(snooze, number_of_it, desk.sara, MORNING, at, seen),
            partial(receive, webhook_id, at),
        )

        assert isinstance(put, int) or put.reason == "moved_on"
        assert desk.conversation.snoozed_until is None
        assert desk.message(f"race-{number}") is not None
        held = desk.conversation.state is ConversationState.OPERATOR
        assert zone(desk, at) is (Zone.NEEDS_YOU if held else Zone.ASSISTANT)


def test_who_looked_before_the_customer_wrote_does_not_put_it_off(desk):
    seen = Seen.of(desk.conversation)
    desk.take(text("هستید؟", LATER), now=LATER)

    with pytest.raises(Refused, match="changed since"):
        put_off(desk, seen=seen)

    assert desk.conversation.state is ConversationState.ASSISTANT


@pytest.mark.sqlite_only
def test_what_changed_without_the_customer_is_no_reason(desk):
    desk.call(reply, desk.conversation.id, desk.sara, "بله", "1", NOON)
    seen = Seen.of(desk.conversation)
    desk.deliver()  # counts as a change: "sent"
    assert desk.conversation.seq > seen.seq

    put_off(desk, seen=seen)

    assert desk.conversation.snoozed_until == MORNING


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("until", "reason"), [(LATER, "snooze_past"), (NOON, "snooze_past"), (LATER + seconds(400 * 86400), "snooze_far")]
)
def test_a_time_that_is_none_is_refused(desk, until, reason):
    with pytest.raises(Refused) as refused:
        put_off(desk, until=until)

    assert refused.value.reason == reason


ACTS = {
    "reply": lambda desk, id: desk.call(reply, id, desk.sara, "بله", "9", MORNING),
    "snooze": lambda desk, id: put_off(desk, MORNING + seconds(60), MORNING),
    "assign": lambda desk, id: desk.call(assign, id, desk.sara, desk.sara, MORNING),
    "close": lambda desk, id: desk.call(close, id, desk.sara, MORNING),
    "give back": lambda desk, id: desk.call(give_back, id, desk.sara, MORNING),
    "nobody": lambda desk, id: desk.call(assign_nobody, id, desk.sara, MORNING),
    "seen to": lambda desk, id: desk.call(mark_seen_to, id, desk.sara, MORNING),
}


@pytest.mark.sqlite_only
@pytest.mark.parametrize("act", ACTS)
def test_what_came_back_is_seen_to_by_whatever_a_person_does(desk, act):
    put_off(desk)
    desk.call(wake_snoozed, MORNING)

    ACTS[act](desk, desk.conversation.id)

    assert desk.conversation.returned_at is None


@pytest.mark.sqlite_only
def test_a_reply_that_fails_after_its_writer_put_it_off_calls_people(desk):
    desk.call(reply, desk.conversation.id, desk.sara, "۲٬۰۰۰٬۰۰۰ تومان", "c1", LATER)
    put_off(desk)
    desk.graph.script = [WINDOW_CLOSED]

    desk.deliver(LATER)

    assert zone(desk) is Zone.NEEDS_YOU
    assert desk.conversation.hand_over_reason is HandOverReason.DELIVERY_FAILED
    assert desk.conversation.operator_id == desk.sara  # whose it was


def test_what_the_assistant_had_under_way_and_failed_ends_nobodys_rest(desk):
    desk.answer(NOON)
    conversation_id = desk.conversation.id

    def fail_while_it_is_put_off(_payload):
        desk.call(snooze, conversation_id, desk.sara, MORNING, LATER)
        return WINDOW_CLOSED

    desk.graph.script = [fail_while_it_is_put_off]

    desk.deliver(LATER)

    assert zone(desk) is Zone.WAITING
    assert desk.conversation.state is ConversationState.OPERATOR


def test_a_person_may_bring_it_back_early(desk):
    put_off(desk)

    desk.call(bring_back, desk.conversation.id, desk.sara, LATER)

    assert zone(desk) is Zone.NEEDS_YOU  # the question is still there
    assert (desk.conversation.snoozed_until, desk.conversation.returned_at) == (None, None)


def test_the_rule_of_hours_gives_nothing_back_that_is_put_off_or_came_back(desk):
    with transaction():
        db.session.get_one(Inbox, desk.shop.inbox_id).give_back_hours = 1
    put_off(desk)

    assert desk.call(give_back_due, MORNING) == 0
    desk.call(wake_snoozed, MORNING)
    assert desk.call(give_back_due, MORNING + seconds(7200)) == 0

    desk.call(mark_seen_to, desk.conversation.id, desk.sara, MORNING)
    assert desk.call(give_back_due, MORNING + seconds(3599)) == 0
    assert desk.call(give_back_due, MORNING + seconds(3600)) == 1


@pytest.mark.sqlite_only
def test_a_conversation_assigned_while_it_rests_comes_back_to_its_new_holder(desk):
    with transaction():
        ali = add_operator(Role.AGENT).id
    put_off(desk)
    desk.call(assign, desk.conversation.id, ali, desk.sara, LATER)

    desk.call(wake_snoozed, MORNING)

    assert [(one.operator_id, one.kind.value) for one in desk.rows(Notification)] == [
        (ali, "assigned"),
        (ali, "returned"),
    ]


def test_a_snooze_taken_back_leaves_everything_as_it_was(desk):
    before = desk.conversation
    kept = (before.state, before.operator_id, before.unread_count, before.unanswered_since)
    done = put_off(desk)

    desk.call(undo, done, desk.sara, LATER)

    after = desk.conversation
    assert (after.state, after.operator_id, after.unread_count, after.unanswered_since) == kept
    assert after.snoozed_until is None
    assert desk.turn.state is TurnState.OPEN  # the assistant is asked anew


ENDS = {
    "closed": lambda desk, at=LATER: desk.call(close, desk.number, desk.sara, at),
    "put off": lambda desk, at=LATER: desk.call(snooze, desk.number, desk.sara, MORNING, at),
}


@pytest.mark.parametrize("how", ENDS)
def test_who_waits_again_since_the_answer_did_not_leave_waits_when_it_is_taken_back(desk, how):
    desk.answer(NOON + seconds(30))
    done = ENDS[how](desk)
    desk.deliver(LATER + seconds(1))
    assert desk.deliveries[0].state is DeliveryState.FAILED

    desk.call(undo, done, desk.sara, LATER + seconds(10))

    assert desk.conversation.unanswered_since == NOON
    assert desk.turn.state is TurnState.OPEN


@pytest.mark.sqlite_only
def test_so_does_who_waits_since_the_reply_itself_was_taken_back(desk):
    hold = timedelta(seconds=10)
    held = desk.call(lambda: reply(desk.conversation.id, desk.sara, "بله", "c-1", LATER, hold=hold).id)
    done = desk.call(close, desk.conversation.id, desk.sara, LATER + seconds(2))
    desk.call(retract, desk.conversation.id, held, desk.sara, LATER + seconds(4))

    desk.call(undo, done, desk.sara, LATER + seconds(6))

    assert desk.conversation.unanswered_since == NOON
    assert zone(desk, LATER + seconds(6)) is Zone.NEEDS_YOU


@pytest.mark.parametrize("how", ENDS)
def test_so_does_who_seemed_to_be_answered_by_what_was_an_echo_of_ours(desk, how):
    desk.answer(NOON + seconds(2))
    done = []

    def echo_first(payload):
        desk.take(text("و سایز؟", NOON + seconds(3), mid="second"), now=NOON + seconds(3))
        desk.take(echo("(1/2)", NOON + seconds(5), "mid.sent.1"), now=NOON + seconds(5))
        done.append(ENDS[how](desk))
        return desk.graph.default(payload)

    desk.graph.script = [echo_first]
    desk.deliver(LATER + seconds(1))

    desk.call(undo, done[0], desk.sara, LATER + seconds(10))

    assert desk.message("second").answered_by_id is None
    assert desk.conversation.unanswered_since == NOON + seconds(3)


@pytest.mark.sqlite_only
@pytest.mark.parametrize("how", ENDS)
def test_so_does_who_sent_the_post_that_answers_which_one_once_nobody_has_spoken_in_between(desk, how):
    desk.model.reply = {"reply": "کدام؟", "asks_which": True, "hand_over": False}
    desk.answer(NOON + seconds(2))
    done = []

    def echo_first(payload):
        desk.take(echo("(1/2)", NOON + seconds(5), "mid.sent.1"), now=NOON + seconds(5))
        desk.take(reel(NOON + seconds(6), mid="post"), now=NOON + seconds(6))
        done.append(ENDS[how](desk, NOON + seconds(7)))
        return desk.graph.default(payload)

    desk.graph.script = [echo_first]
    desk.deliver(NOON + seconds(8))

    desk.call(undo, done[0], desk.sara, NOON + seconds(20))

    assert desk.message("post").share.answers_id == desk.replies[0].id
    assert desk.conversation.unanswered_since == NOON + seconds(6)


@pytest.mark.parametrize("how", ENDS)
@pytest.mark.parametrize(("words", "waits"), [(" چنده؟", True), ("?igsh=1", False)])
def test_so_does_who_makes_a_question_of_a_bare_link_meanwhile_and_of_another_link_nobody(desk, how, words, waits):
    link = "https://www.instagram.com/p/DPiLiTo0107/"
    desk.call(reply, desk.conversation.id, desk.sara, "بله", "c-1", NOON + seconds(1))
    desk.deliver(NOON + seconds(2))
    desk.call(give_back, desk.conversation.id, desk.sara, NOON + seconds(3))
    desk.take(text(link, NOON + seconds(300), mid="link"), now=NOON + seconds(300))
    done = ENDS[how](desk, NOON + seconds(310))
    desk.take(edited("link", link + words, NOON + seconds(300)), now=NOON + seconds(320))

    desk.call(undo, done, desk.sara, NOON + seconds(330))

    assert desk.conversation.unanswered_since == (NOON + seconds(300) if waits else None)
    assert (desk.message("link").turn_id is not None) is waits


@pytest.mark.parametrize("how", ENDS)
def test_nobody_waits_with_what_was_closed_without_an_answer_before(desk, how):
    desk.call(close, desk.conversation.id, desk.sara, LATER)
    desk.take(reel(LATER + seconds(900)), now=LATER + seconds(900))
    done = ENDS[how](desk, LATER + seconds(1200))

    desk.call(undo, done, desk.sara, LATER + seconds(1210))

    assert desk.message("question").answered_by_id is None
    assert desk.conversation.unanswered_since is None


@pytest.mark.sqlite_only
def test_nobody_waits_whose_answer_left_meanwhile(desk):
    desk.call(reply, desk.conversation.id, desk.sara, "بله", "c-1", LATER)
    done = desk.call(close, desk.conversation.id, desk.sara, LATER)
    desk.deliver(LATER + seconds(1))
    assert desk.deliveries[0].state is DeliveryState.SENT

    desk.call(undo, done, desk.sara, LATER + seconds(2))

    assert desk.conversation.unanswered_since is None


DEEDS = {
    "a reply": lambda desk, ali: desk.call(reply, desk.conversation.id, ali, "بله", "c-1", LATER + seconds(1)),
    "an assignment": lambda desk, ali: desk.call(assign, desk.conversation.id, ali, desk.sara, LATER + seconds(1)),
    "the same put off anew": lambda desk, ali: desk.call(
        snooze, desk.conversation.id, ali, MORNING, LATER + seconds(1)
    ),
    "a reply from the phone": lambda desk, ali: desk.take(echo("بله", LATER, "phone"), now=LATER + seconds(1)),
}


@pytest.mark.sqlite_only
@pytest.mark.parametrize("what", DEEDS)
def test_a_snooze_is_not_taken_back_once_a_colleague_did_something(desk, what):
    with transaction():
        ali = add_operator(Role.AGENT).id
    done = put_off(desk)
    DEEDS[what](desk, ali)
    held = desk.conversation.operator_id

    with pytest.raises(Refused) as refused:
        desk.call(undo, done, desk.sara, LATER + seconds(2))

    assert refused.value.reason == "moved_on"
    assert (desk.conversation.state, desk.conversation.operator_id) == (ConversationState.OPERATOR, held)
    assert desk.conversation.snoozed_until == MORNING


@pytest.mark.sqlite_only
def test_a_snooze_is_not_taken_back_once_the_customer_wrote(desk):
    done = put_off(desk, now=NOON + seconds(1))
    desk.take(text("هستید؟", LATER), now=LATER)

    with pytest.raises(Refused) as refused:
        desk.call(undo, done, desk.sara, LATER)

    assert refused.value.reason == "moved_on"
    assert desk.conversation.returned_at == LATER
