"""Hours, the switch for all, the line at a hand-over, misunderstandings, and giving back by rule."""

from functools import partial

import pytest
from desk import Desk
from in_order import in_order
from rows import NOON
from shop import reel, seconds, text

from pilito.channels.base import OutboundReaction
from pilito.conversations.choose_mode import Rules, choose_mode, choose_rules, read_hours
from pilito.conversations.give_back_due import due_in, give_back_due
from pilito.conversations.payload import Extras
from pilito.conversations.reply import reply
from pilito.conversations.stop_all import lift_stop, stop_all
from pilito.conversations.take_over import give_back, take_over
from pilito.database import is_sqlite
from pilito.errors import Refused
from pilito.lifecycle import (
    AssistantMode,
    ConversationState,
    DeliveryState,
    DraftState,
    HandOverReason,
    OutsideHours,
    Sender,
    TurnState,
)
from pilito.models import AssistantStop, Audit, Draft, Inbox, db
from pilito.queries import panel as queries
from pilito.queries.panel import Zone, zone_of

LINE = "همکارم به‌زودی همین‌جا جواب می‌دهد."
NIGHT_LINE = "فردا ساعت ۱۰ جواب می‌دهیم."
HOUR = seconds(3600)
CLOSED_NOW = {"6": [["20:00", "22:00"]]}  # NOON is on a Sunday


@pytest.fixture
def desk(shop):
    return Desk(shop)


def rule(desk, mode=AssistantMode.AUTO, **rules):
    desk.call(choose_rules, desk.shop.inbox_id, Rules(mode, zone="UTC", **rules), None, NOON)


def expect_handed_over(desk, reason):
    assert (desk.conversation.state, desk.conversation.hand_over_reason) == (ConversationState.HANDED_OVER, reason)


def let_hand_over(desk, reason):
    desk.model.reply = {"reply": "", "hand_over": True, "reason": reason}


# --- hours -----------------------------------------------------------------------------------------------------------


@pytest.mark.sqlite_only
@pytest.mark.parametrize(("now", "is_written"), [(NOON, True), (NOON + 9 * HOUR, False)])
def test_outside_its_hours_it_writes_drafts_where_the_shop_chose_so(desk, now, is_written):
    rule(desk, hours=CLOSED_NOW, outside_hours=OutsideHours.DRAFT)
    desk.take(text("چنده؟", now), now=now)

    desk.answer(now)

    assert (len(desk.rows(Draft)), len(desk.replies)) == ((1, 0) if is_written else (0, 1))


@pytest.mark.sqlite_only
def test_outside_its_hours_it_answers_as_usual_unless_somebody_chose_otherwise(desk):
    rule(desk, hours=CLOSED_NOW)
    desk.take(text("چنده؟", NOON))

    desk.answer(NOON)

    assert [one.sender for one in desk.replies] == [Sender.ASSISTANT]


def test_outside_its_hours_it_hands_over_with_its_line_and_asks_no_model(desk):
    rule(desk, hours=CLOSED_NOW, outside_hours=OutsideHours.HAND_OVER, outside_hours_line=NIGHT_LINE)

    desk.take(text("چنده؟", NOON))
    desk.deliver()

    expect_handed_over(desk, HandOverReason.OUTSIDE_HOURS)
    assert [one.text for one in desk.replies] == [NIGHT_LINE]
    assert desk.deliveries[0].state is DeliveryState.SENT
    assert desk.model.calls == []
    assert desk.conversation.unanswered_since == NOON


@pytest.mark.sqlite_only
def test_hours_are_read_as_people_write_them():
    assert read_hours({"0": "10:00-14:00, 17:00–24:00", "4": " "}) == {
        "0": [["10:00", "14:00"], ["17:00", "24:00"]],
        "4": [],
    }


@pytest.mark.parametrize(
    "wrong", ["10", "10-", "25:00-26:00", "10:00-10:00", "24:00-02:00", "morning", "10:00-14:00-16:00"]
)
def test_hours_that_cannot_be_read_are_refused(wrong):
    with pytest.raises(Refused) as refused:
        read_hours({"0": wrong})

    assert refused.value.reason == "hours_wrong"


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"zone": "Mars/Olympus"}, "zone_unknown"),
        ({"zone": "../../etc/passwd"}, "zone_unknown"),
        ({"holidays": ["tomorrow"]}, "holiday_wrong"),
        ({"hand_over_line": "x" * 301}, "line_too_long"),
        ({"give_back_hours": 0}, "number_wrong"),
        ({"needs_you_minutes": 0}, "number_wrong"),
    ],
)
def test_rules_that_make_no_sense_are_refused(desk, wrong, reason):
    with pytest.raises(Refused) as refused:
        desk.call(choose_rules, desk.shop.inbox_id, Rules(AssistantMode.AUTO, **wrong), None, NOON)

    assert refused.value.reason == reason


# --- the switch for all ----------------------------------------------------------------------------------------------


def test_stopped_it_answers_nothing_and_people_are_called_without_a_line(desk):
    rule(desk, hand_over_line=LINE)
    desk.call(stop_all, None, NOON)

    desk.take(text("چنده؟", NOON))

    expect_handed_over(desk, HandOverReason.STOPPED)
    assert desk.replies == []
    assert desk.model.calls == []


def test_a_stop_while_it_writes_lets_nothing_out(desk):
    def press(payload):
        desk.call(stop_all, None, NOON)
        return desk.model.default(payload)

    desk.model.script.append(press)
    desk.take(text("چنده؟", NOON))

    desk.answer(NOON)

    expect_handed_over(desk, HandOverReason.STOPPED)
    assert desk.replies == []


def test_a_stop_holds_back_what_was_written_and_not_sent_but_not_what_people_write(desk):
    desk.take(text("چنده؟", NOON))
    desk.answer(NOON)
    desk.call(stop_all, None, NOON)
    desk.deliver()

    assert desk.deliveries[0].state is DeliveryState.FAILED
    expect_handed_over(desk, HandOverReason.STOPPED)
    (noted,) = [one.details for one in desk.rows(Audit) if one.action == "handed_over"]
    assert noted == {"reason": "stopped", "detail": ""}
    desk.call(reply, desk.conversation.id, None, "۲٬۰۰۰٬۰۰۰ تومان", "c1", NOON)
    desk.deliver()
    assert desk.deliveries[1].state is DeliveryState.SENT


def test_one_press_lifts_what_two_have_stopped_in_the_same_moment(desk):
    """On PostgreSQL nothing keeps the two apart."""
    press = partial(desk.call, stop_all, None, NOON)
    in_order("conversations.stop_all.stop_all_before", press, press, waits=is_sqlite())
    assert len(desk.rows(AssistantStop)) == (1 if is_sqlite() else 2)

    desk.call(lift_stop, None, NOON)
    desk.take(text("چنده؟", NOON))

    assert desk.conversation.state is ConversationState.ASSISTANT


@pytest.mark.sqlite_only
def test_switched_off_in_its_inbox_it_sends_nothing_that_still_waits(desk):
    desk.take(text("چنده؟", NOON))
    desk.answer(NOON)
    rule(desk, AssistantMode.OFF)
    desk.deliver()

    assert (desk.deliveries[0].state, desk.deliveries[0].error) == (DeliveryState.FAILED, "assistant_off")
    assert desk.graph.texts == []
    assert zone_of(desk.conversation, NOON) is Zone.NEEDS_YOU
    desk.call(reply, desk.conversation.id, None, "۲٬۰۰۰٬۰۰۰ تومان", "c1", NOON)
    desk.deliver()
    assert desk.deliveries[1].state is DeliveryState.SENT  # what people write goes on


@pytest.mark.sqlite_only
def test_what_waits_when_people_choose_to_send_themselves_becomes_a_draft(desk):
    desk.take(text("چنده؟", NOON))
    desk.answer(NOON)
    rule(desk, AssistantMode.DRAFT)
    desk.deliver()
    desk.answer(NOON + seconds(30))

    assert (desk.deliveries[0].state, desk.deliveries[0].error) == (DeliveryState.FAILED, "drafts_only")
    assert desk.graph.texts == []
    assert [(draft.state, draft.text) for draft in desk.rows(Draft)] == [(DraftState.WAITING, "در همین پست نوشته‌ایم.")]
    assert zone_of(desk.conversation, NOON) is Zone.NEEDS_YOU


def test_what_it_wrote_and_did_not_send_it_reads_as_said_to_nobody(desk):
    for number, question in enumerate(("چنده؟", "سایز دارید؟")):
        desk.take(text(question, NOON + seconds(number), mid=question), now=NOON + seconds(number))
        if number == 0:
            desk.answer(NOON)
    rule(desk, AssistantMode.DRAFT)
    desk.deliver(NOON + seconds(2))

    desk.answer(NOON + seconds(30))

    assert "در همین پست نوشته‌ایم." in desk.replies[0].text
    assert "در همین پست نوشته‌ایم." not in desk.model.prompts[-1]
    assert all(question in desk.model.prompts[-1] for question in ("چنده؟", "سایز دارید؟"))


@pytest.mark.sqlite_only
def test_what_is_half_sent_when_people_choose_so_is_finished(desk):
    desk.model.reply = {"reply": "در همین پست نوشته‌ایم. " * 30}
    desk.take(text("چنده؟", NOON))
    desk.answer(NOON)
    desk.graph.script = [lambda payload: rule(desk, AssistantMode.DRAFT) or desk.graph.default(payload)]

    desk.deliver()

    assert len(desk.deliveries) > 1
    assert {one.state for one in desk.deliveries} == {DeliveryState.SENT}


@pytest.mark.sqlite_only
def test_lifted_it_answers_again_what_is_new_and_both_are_on_the_record(desk):
    desk.call(stop_all, None, NOON)
    desk.call(stop_all, None, NOON)
    desk.call(lift_stop, None, NOON + HOUR)
    desk.call(lift_stop, None, NOON + HOUR)

    desk.take(text("چنده؟", NOON + HOUR), now=NOON + HOUR)
    desk.answer(NOON + HOUR)

    assert len(desk.replies) == 1
    assert len(desk.rows(AssistantStop)) == 1
    assert [row.action for row in desk.rows(Audit)][-2:] == ["assistant_stopped", "assistant_resumed"]


# --- the line --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reason", ["not_known", "complaint", "refund", "health", "law"])
@pytest.mark.sqlite_only
def test_a_hand_over_says_its_line_once(desk, reason):
    rule(desk, hand_over_line=LINE)
    let_hand_over(desk, reason)
    desk.take(text("چنده؟", NOON))

    desk.answer(NOON)
    desk.take(text("الو؟", NOON + seconds(9)), now=NOON + seconds(9))
    desk.deliver(NOON + seconds(9))

    expect_handed_over(desk, HandOverReason(reason))
    assert [(one.text, one.sender, one.origin) for one in desk.replies] == [(LINE, Sender.ASSISTANT, "hand_over")]
    assert desk.deliveries[0].state is DeliveryState.SENT
    assert desk.conversation.unanswered_since == NOON  # the line answers nothing


@pytest.mark.sqlite_only
def test_where_people_send_the_answers_the_line_leaves_by_itself(desk):
    rule(desk, AssistantMode.DRAFT, hand_over_line=LINE)
    let_hand_over(desk, "not_known")
    desk.take(text("چنده؟", NOON))

    desk.answer(NOON)
    desk.deliver()

    expect_handed_over(desk, HandOverReason.NOT_KNOWN)
    assert desk.graph.texts == [LINE]
    assert desk.rows(Draft) == []


@pytest.mark.sqlite_only
def test_without_a_line_nothing_is_said(desk):
    let_hand_over(desk, "not_known")
    desk.take(text("چنده؟", NOON))

    desk.answer(NOON)

    assert desk.replies == []


@pytest.mark.sqlite_only
def test_a_lone_share_hears_no_line(desk):
    rule(desk, hours=CLOSED_NOW, outside_hours=OutsideHours.HAND_OVER, hand_over_line=LINE)

    desk.take(reel(NOON))
    desk.sweep(NOON + seconds(200))

    assert desk.replies == []
    assert desk.conversation.state is ConversationState.ASSISTANT


@pytest.mark.sqlite_only
def test_a_line_does_not_leave_after_the_window(desk):
    rule(desk, hand_over_line=LINE)
    desk.take(text("چنده؟", NOON), now=NOON + 25 * HOUR)

    expect_handed_over(desk, HandOverReason.TOO_OLD)
    assert desk.replies == []


def test_a_person_who_takes_over_before_the_line_left_stops_it(desk):
    rule(desk, hand_over_line=LINE)
    let_hand_over(desk, "not_known")
    desk.take(text("چنده؟", NOON))
    desk.answer(NOON)

    desk.call(take_over, desk.conversation.id, None, NOON)
    desk.deliver()

    assert (desk.deliveries[0].state, desk.deliveries[0].error) == (DeliveryState.FAILED, "taken_over")
    assert desk.conversation.state is ConversationState.OPERATOR


@pytest.mark.sqlite_only
def test_the_line_is_not_said_twice_in_a_row_but_again_after_a_persons_words(desk):
    rule(desk, hand_over_line=LINE)
    let_hand_over(desk, "not_known")
    desk.take(text("چنده؟", NOON))
    desk.answer(NOON)
    desk.call(give_back, desk.conversation.id, None, NOON)
    desk.answer(NOON)
    assert [one.text for one in desk.replies] == [LINE]

    desk.call(reply, desk.conversation.id, None, "بله؟", "c1", NOON + seconds(5))
    desk.call(give_back, desk.conversation.id, None, NOON + seconds(6))
    desk.take(text("سایز؟", NOON + seconds(9)), now=NOON + seconds(9))
    desk.answer(NOON + seconds(9))

    assert [one.text for one in desk.replies] == [LINE, "بله؟", LINE]


@pytest.mark.sqlite_only
@pytest.mark.parametrize("between", ["a heart", "nothing", "it never left"])
def test_a_heart_is_no_word_between_two_lines_and_a_line_that_never_left_was_not_said(desk, between):
    rule(desk, hand_over_line=LINE)
    let_hand_over(desk, "not_known")
    desk.take(text("چنده؟", NOON, mid="question"))
    desk.answer(NOON)
    if between == "it never left":
        desk.call(take_over, desk.conversation.id, None, NOON)
    desk.deliver()
    if between == "a heart":
        heart = Extras(reaction=OutboundReaction("question", "❤️"))
        desk.call(reply, desk.conversation.id, None, "", "c1", NOON + seconds(5), heart)

    desk.call(give_back, desk.conversation.id, None, NOON + seconds(6))
    desk.answer(NOON + seconds(6))

    expect_handed_over(desk, HandOverReason.NOT_KNOWN)
    assert [one.text for one in desk.replies].count(LINE) == (2 if between == "it never left" else 1)


# --- misunderstandings -----------------------------------------------------------------------------------------------


def test_the_same_question_a_third_time_goes_to_a_person_without_asking_the_model(desk):
    for minute in range(3):
        now = NOON + seconds(60 * minute)
        desk.take(text("قیمتش چنده؟", now), now=now)
        desk.answer(now)

    expect_handed_over(desk, HandOverReason.REPEATED_MISUNDERSTANDING)
    assert len(desk.replies) == len(desk.model.calls) == 2


@pytest.mark.sqlite_only
def test_who_was_asked_which_one_twice_is_not_asked_a_third_time(desk):
    for minute, words in enumerate(["چنده؟", "همون قرمزه", "بابا همون دیگه"]):
        desk.model.reply = {"reply": f"کدام مدل؟ {'لطفاً ' * minute}", "asks_which": True, "hand_over": False}
        now = NOON + seconds(60 * minute)
        desk.take(text(words, now), now=now)
        desk.answer(now)

    expect_handed_over(desk, HandOverReason.REPEATED_MISUNDERSTANDING)
    assert len(desk.replies) == 2


# --- giving back by rule ---------------------------------------------------------------------------------------------


def hold(desk):
    """A person answers, and the customer asks on."""
    desk.take(text("چنده؟", NOON))
    desk.call(reply, desk.conversation.id, None, "دو میلیون", "c1", NOON)


def test_hours_after_a_persons_last_word_it_goes_back_by_rule(desk):
    rule(desk, give_back_hours=4)
    hold(desk)

    early = desk.call(give_back_due, NOON + 4 * HOUR - seconds(1))
    on_time = desk.sweep(NOON + 4 * HOUR)["given_back"]

    assert (early, on_time) == (0, 1)
    assert desk.conversation.state is ConversationState.ASSISTANT
    assert desk.call(give_back_due, NOON + 5 * HOUR) == 0


@pytest.mark.sqlite_only
def test_what_is_unanswered_by_then_is_not_answered_hours_later_but_stays_before_people(desk):
    rule(desk, give_back_hours=4)
    hold(desk)
    desk.take(text("و ارسال؟", NOON + HOUR), now=NOON + HOUR)

    desk.call(give_back_due, NOON + 4 * HOUR)

    assert desk.turn.state is TurnState.DROPPED
    assert zone_of(desk.conversation, NOON + 4 * HOUR) is Zone.NEEDS_YOU
    later = NOON + 5 * HOUR
    desk.take(text("هستید؟", later), now=later)
    desk.answer(later)
    assert "و ارسال؟" in desk.model.prompts[0]


@pytest.mark.sqlite_only
def test_what_people_would_not_see_any_more_is_asked_when_it_goes_back(desk):
    rule(desk, give_back_hours=4)
    hold(desk)
    just_now = NOON + 4 * HOUR - seconds(60)
    desk.take(text("و ارسال؟", just_now), now=just_now)
    assert zone_of(desk.conversation, just_now) is Zone.NEEDS_YOU

    desk.call(give_back_due, NOON + 4 * HOUR)
    desk.answer(NOON + 4 * HOUR + seconds(9))

    assert desk.replies[-1].sender is Sender.ASSISTANT


@pytest.mark.sqlite_only
@pytest.mark.parametrize("why", ["no rule", "stopped", "off", "handed over"])
def test_what_must_not_go_back_stays(desk, why):
    if why != "no rule":
        rule(desk, give_back_hours=4)
    hold(desk)
    if why == "stopped":
        desk.call(stop_all, None, NOON)
    if why == "off":
        desk.call(choose_mode, desk.conversation.id, AssistantMode.OFF, None, NOON)
    if why == "handed over":
        let_hand_over(desk, "complaint")
        desk.call(give_back, desk.conversation.id, None, NOON)
        desk.take(text("بد بود", NOON + seconds(1)), now=NOON + seconds(1))
        desk.answer(NOON + seconds(1))
    before = desk.conversation.state

    assert desk.call(give_back_due, NOON + 99 * HOUR) == 0
    assert desk.conversation.state is before is not ConversationState.ASSISTANT


# --- unanswered for too long -----------------------------------------------------------------------------------------


def zones(desk, now):
    return {zone for zone in Zone if desk.call(lambda zone=zone: queries.list_conversations(zone, None, 9, now).rows)}


@pytest.mark.parametrize("minutes", [15, 2])
def test_unanswered_for_too_long_it_needs_you_whatever_the_reason(desk, minutes):
    rule(desk, needs_you_minutes=minutes)
    desk.take(text("چنده؟", NOON))  # and no worker is there to answer
    limit = NOON + seconds(60 * minutes)

    assert zones(desk, limit - seconds(1)) == {Zone.OPEN, Zone.ASSISTANT}
    assert zones(desk, limit) == {Zone.OPEN, Zone.NEEDS_YOU}
    assert zone_of(desk.conversation, limit) is Zone.NEEDS_YOU
    assert desk.conversation.state is ConversationState.ASSISTANT
    counted = desk.call(queries.count_zones, limit)
    assert (counted[Zone.NEEDS_YOU], counted[Zone.ASSISTANT], counted[Zone.OPEN]) == (1, 0, 1)
    assert desk.call(queries.count_waiting_too_long, limit) == 1


@pytest.mark.sqlite_only
def test_each_inbox_has_minutes_of_its_own(desk):
    desk.take(text("چنده؟", NOON))
    with desk.app.app_context():
        from rows import add_conversation, add_inbox

        from pilito.database import transaction

        with transaction():
            patient = add_inbox(needs_you_minutes=60)
            add_conversation(patient, unanswered_since=NOON)

    assert desk.call(queries.count_waiting_too_long, NOON + seconds(20 * 60)) == 1
    assert desk.call(queries.count_waiting_too_long, NOON + HOUR) == 2


def test_what_waits_too_long_and_what_goes_back_is_found_by_an_index(desk):
    wanted = {
        "ix_conversation_unanswered": lambda: db.select(queries.Conversation.id).where(queries.waits_too_long(NOON)),
        "ix_conversation_person_at": lambda: due_in(1, NOON),
    }
    for index, statement in wanted.items():
        assert index in desk.call(lambda statement=statement: plan_of(statement()))


def plan_of(statement):
    if not is_sqlite():
        db.session.execute(db.text("SET LOCAL enable_seqscan = off"))  # a table of one row is read whole
        db.session.execute(db.text("SET LOCAL enable_bitmapscan = off"))
    sql = str(statement.compile(db.engine, compile_kwargs={"literal_binds": True}))
    rows = db.session.connection().exec_driver_sql(("EXPLAIN QUERY PLAN " if is_sqlite() else "EXPLAIN ") + sql)
    return "\n".join(str(tuple(row)) for row in rows)


@pytest.mark.sqlite_only
def test_an_inbox_keeps_its_mode_when_it_is_connected_anew(desk):
    rule(desk, mode=AssistantMode.DRAFT)

    assert desk.rows(Inbox)[0].assistant_mode is AssistantMode.DRAFT
    assert desk.rows(Draft, state=DraftState.WAITING) == []
