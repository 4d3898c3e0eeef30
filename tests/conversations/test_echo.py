"""A message that left the account: ours, confirmed; or a person's, who typed it on the phone."""

from datetime import timedelta

import pytest
from desk import Desk
from rows import NOON, add_operator
from shop import echo, reel, seconds, text

from pilito.channels.base import Card, OutboundFile
from pilito.conversations import deliver as delivering
from pilito.conversations.choose_mode import Rules, choose_rules
from pilito.conversations.close import close
from pilito.conversations.payload import Extras
from pilito.conversations.reply import reply
from pilito.conversations.snooze import snooze
from pilito.conversations.take_over import give_back, take_over
from pilito.database import transaction
from pilito.lifecycle import (
    AssistantMode,
    ConversationState,
    DeliveryState,
    EventOutcome,
    HandOverReason,
    Role,
    TurnState,
)
from pilito.models import Audit, Event, Message, Turn, db

ANSWER = "در همین پست نوشته‌ایم."
PHONE = "این را از گوشی نوشتم"


@pytest.fixture
def desk(shop, begin):
    return Desk(begin(shop, a_reply_is_ready))


def a_reply_is_ready(shop):
    desk = Desk(shop)
    desk.take(text("چنده؟", NOON, mid="question"))
    desk.answer(NOON)


def unknown(desk):
    """Send the reply so that nobody knows whether it arrived."""
    desk.graph.script = [(500, {})]
    desk.deliver(NOON)


def phone_messages(desk):
    return desk.rows(Message, sender="phone")


def last_event(desk):
    event = desk.rows(Event)[-1]
    return event.outcome, event.reason


@pytest.mark.sqlite_only
def test_the_echo_of_our_reply_confirms_it_and_changes_nothing(desk):
    desk.deliver(NOON)

    desk.take(echo(ANSWER, NOON, "mid.sent.1"))

    assert last_event(desk) == (EventOutcome.ECHO, "ours")
    assert phone_messages(desk) == []
    assert desk.conversation.state is ConversationState.ASSISTANT


def test_an_echo_that_comes_before_the_answer_of_the_send_is_known_by_its_text(desk):
    def echo_first(payload):
        desk.take(echo(f" {ANSWER}\n", NOON, "mid.sent.1"))
        return desk.graph.default(payload)

    desk.graph.script = [echo_first]
    desk.deliver(NOON)

    assert last_event(desk) == (EventOutcome.ECHO, "ours")
    assert [(one.state, one.external_id) for one in desk.deliveries] == [(DeliveryState.SENT, "mid.sent.1")]
    assert phone_messages(desk) == []
    assert desk.conversation.state is ConversationState.ASSISTANT


def mistaken(desk, before=None, then=None):
    """The provider changes our words, and their echo comes before the answer of the send; `before` and `then` are what
    somebody does about that time."""
    desk.take(text("و سایز؟", NOON + seconds(1), mid="second"), now=NOON + seconds(1))
    number, words = desk.conversation.id, desk.deliveries[0].text

    def echo_first(payload):
        if before is not None:
            desk.call(before, number)
        desk.take(echo(f"{words} (1/2)", NOON + seconds(5), "mid.sent.1"), now=NOON + seconds(5))
        if then is not None:
            desk.call(then, number)
        return desk.graph.default(payload)

    desk.graph.script = [echo_first]
    desk.deliver(NOON + seconds(6))


def test_an_early_echo_of_other_words_is_found_out_and_what_it_seemed_to_answer_is_answered(desk):
    mistaken(desk)
    desk.answer(NOON + seconds(20))
    desk.deliver(NOON + seconds(20))

    assert [one.action for one in desk.rows(Audit)][-2:] == ["took_over", "gave_back"]
    assert [(one.text, one.deleted_at is None) for one in phone_messages(desk)] == [("", False)]
    assert desk.conversation.state is ConversationState.ASSISTANT
    assert desk.message("question").answered_by_id == desk.replies[0].id
    assert desk.message("second").answered_by_id == desk.replies[1].id
    assert [one.state for one in desk.deliveries] == [DeliveryState.SENT] * 2


def which_one_mistaken(desk, then=None):
    """The same of a "which one?", which a post follows at once."""
    desk.take(text("چنده؟", NOON, mid="question"))
    desk.model.reply = {"reply": "منظورتان کدام است؟", "asks_which": True, "hand_over": False}
    desk.answer(NOON + seconds(1))
    number = desk.conversation.id

    def echo_first(payload):
        desk.take(echo("منظورتان کدام است؟ (1/2)", NOON + seconds(5), "mid.sent.1"), now=NOON + seconds(5))
        desk.take(reel(NOON + seconds(5.5), mid="post"), now=NOON + seconds(5.5))
        if then is not None:
            desk.call(then, number)
        return desk.graph.default(payload)

    desk.graph.script = [echo_first]
    desk.deliver(NOON + seconds(6))
    desk.model.reply = {"reply": ANSWER, "hand_over": False}
    desk.answer(NOON + seconds(20))


@pytest.mark.sqlite_only
def test_a_post_that_came_right_after_it_answers_which_one_as_if_it_had_not_been(shop):
    desk = Desk(shop)

    which_one_mistaken(desk)

    assert desk.message("post").share.answers_id == desk.replies[0].id
    assert desk.message("post").answered_by_id == desk.replies[1].id
    assert desk.conversation.unanswered_since is None


def test_what_it_seemed_to_answer_is_answered_where_the_assistant_was_given_it_back_meanwhile(desk):
    mistaken(desk, then=lambda number: give_back(number, None, NOON + seconds(5.5)))
    desk.answer(NOON + seconds(20))

    assert desk.message("second").answered_by_id == desk.replies[1].id
    assert desk.conversation.unanswered_since is None


@pytest.mark.sqlite_only
def test_so_is_a_post_that_answers_which_one_since_nobody_spoke_in_between(shop):
    desk = Desk(shop)

    which_one_mistaken(desk, then=lambda number: give_back(number, None, NOON + seconds(5.6)))

    assert desk.message("post").answered_by_id == desk.replies[1].id
    assert desk.conversation.unanswered_since is None


@pytest.mark.sqlite_only
def test_an_answer_that_is_being_written_goes_on_where_the_echo_had_answered_nothing(desk):
    """Who waits is who waited: given back, and asked anew, before the answer of the send came."""
    number = desk.conversation.id

    def echo_first(payload):
        desk.take(echo("(1/2)", NOON + seconds(5), "mid.sent.1"), now=NOON + seconds(5))
        desk.call(give_back, number, None, NOON + seconds(5.5))
        desk.take(text("و سایز؟", NOON + seconds(6), mid="second"), now=NOON + seconds(6))
        return desk.graph.default(payload)

    desk.graph.script = [echo_first]
    desk.deliver(NOON + seconds(7))

    assert [one.version for one in desk.rows(Turn) if one.state is TurnState.OPEN] == [1]


@pytest.mark.sqlite_only
def test_the_other_parts_of_the_reply_leave_too(shop):
    desk = Desk(shop)
    desk.model.reply = {"reply": "این محصول موجود است. " * 50, "hand_over": False}
    desk.take(text("چنده؟", NOON, mid="question"))
    desk.answer(NOON)

    mistaken(desk)

    assert len(desk.deliveries) > 1
    assert {one.state for one in desk.deliveries} == {DeliveryState.SENT}


@pytest.mark.sqlite_only
def test_who_took_over_after_it_keeps_the_conversation_and_sees_who_waits(desk):
    with transaction():
        sara = add_operator(Role.AGENT).id

    mistaken(desk, then=lambda number: take_over(number, sara, NOON + seconds(5.5)))

    assert (desk.conversation.state, desk.conversation.operator_id) == (ConversationState.OPERATOR, sara)
    assert desk.conversation.unanswered_since == NOON + seconds(1)


@pytest.mark.sqlite_only
def test_so_does_who_took_over_through_the_api_before_it(desk):
    mistaken(desk, before=lambda number: take_over(number, None, NOON + seconds(3)))

    assert desk.conversation.state is ConversationState.OPERATOR
    assert desk.conversation.unanswered_since == NOON + seconds(1)


@pytest.mark.sqlite_only
def test_so_does_who_wrote_after_it_and_that_answers_what_came_before(desk):
    mistaken(desk, then=lambda number: reply(number, None, "بله", "a-click", NOON + seconds(5.5)))

    assert desk.conversation.state is ConversationState.OPERATOR
    assert desk.message("second").answered_by_id == desk.replies[1].id
    assert desk.conversation.unanswered_since is None


@pytest.mark.sqlite_only
def test_so_does_who_took_over_through_the_api_after_it(desk):
    mistaken(desk, then=lambda number: take_over(number, None, NOON + seconds(5.5)))

    assert desk.conversation.state is ConversationState.OPERATOR
    assert desk.conversation.unanswered_since == NOON + seconds(1)


@pytest.mark.sqlite_only
def test_what_is_put_off_through_the_api_after_it_stays_so(desk):
    until = NOON + timedelta(hours=1)

    mistaken(desk, then=lambda number: snooze(number, None, until, NOON + seconds(5.5)))

    assert (desk.conversation.state, desk.conversation.snoozed_until) == (ConversationState.OPERATOR, until)


def test_whom_the_line_of_a_hand_over_called_are_called_still_when_its_echo_has_other_words(shop):
    desk = Desk(shop)
    desk.call(choose_rules, shop.inbox_id, Rules(AssistantMode.AUTO, hand_over_line="می‌پرسم."), None, NOON)
    desk.model.reply = {"reply": "", "hand_over": True, "reason": "refund"}
    desk.take(text("پولم را پس بدهید", NOON, mid="question"))
    desk.answer(NOON)

    mistaken(desk)

    assert desk.conversation.state is ConversationState.HANDED_OVER
    assert desk.conversation.hand_over_reason is HandOverReason.REFUND
    assert desk.conversation.unanswered_since == NOON
    assert [one.state for one in desk.rows(Turn)] == [TurnState.HANDED_OVER]
    assert [one.state for one in desk.deliveries] == [DeliveryState.SENT]


@pytest.mark.sqlite_only
def test_nor_is_the_reply_lost_where_only_a_newer_version_knows_the_reason(shop):
    desk = Desk(shop)
    desk.call(choose_rules, shop.inbox_id, Rules(AssistantMode.AUTO, hand_over_line="می‌پرسم."), None, NOON)
    desk.model.reply = {"reply": "", "hand_over": True, "reason": "refund"}
    desk.take(text("پولم را پس بدهید", NOON, mid="question"))
    desk.answer(NOON)
    with transaction():
        details = {"reason": "of_tomorrow", "detail": ""}
        db.session.add(Audit(at=NOON, action="handed_over", conversation_id=desk.conversation.id, details=details))

    mistaken(desk)

    assert (desk.conversation.state, desk.conversation.hand_over_reason) == (ConversationState.HANDED_OVER, None)
    assert [one.state for one in desk.deliveries] == [DeliveryState.SENT]


@pytest.mark.sqlite_only
def test_the_echo_of_our_reply_twice_changes_nothing(desk):
    desk.deliver(NOON)

    for _ in range(2):
        desk.take(echo(ANSWER, NOON, "mid.sent.1"))

    assert last_event(desk) == (EventOutcome.ECHO, "ours")
    assert phone_messages(desk) == []
    assert len(desk.deliveries) == 1


@pytest.mark.sqlite_only
def test_the_same_words_typed_on_the_phone_after_ours_were_sent_are_a_persons(desk):
    desk.deliver(NOON)

    desk.take(echo(ANSWER, NOON + seconds(5), "another"))

    assert last_event(desk) == (EventOutcome.ECHO, "phone")
    assert desk.conversation.state is ConversationState.OPERATOR


@pytest.mark.sqlite_only
def test_a_reply_typed_on_the_phone_pauses_the_assistant_and_drops_its_turn(shop):
    desk = Desk(shop)
    desk.take(text("چنده؟", NOON, mid="question"))

    desk.take(echo(PHONE, NOON + seconds(2), "phone"), now=NOON + seconds(2))
    desk.answer(NOON + seconds(60))

    assert desk.message("phone").text == PHONE
    assert desk.conversation.state is ConversationState.OPERATOR
    assert desk.turn.state is TurnState.DROPPED
    assert desk.message("question").answered_by_id == desk.message("phone").id
    assert desk.conversation.unanswered_since is None
    assert desk.conversation.preview == PHONE
    assert desk.model.calls == []


@pytest.mark.sqlite_only
def test_a_reply_on_the_phone_does_not_answer_what_came_after_it(shop):
    desk = Desk(shop)
    desk.take(text("چنده؟", NOON + seconds(5), mid="later"), now=NOON + seconds(5))

    desk.take(echo(PHONE, NOON, "phone"), now=NOON + seconds(6))

    assert desk.message("later").answered_by_id is None
    assert desk.conversation.unanswered_since == NOON + seconds(5)


@pytest.mark.sqlite_only
def test_the_echo_of_the_phone_twice_is_one_message(desk):
    for _ in range(2):
        desk.take(echo(PHONE, NOON, "phone"))

    assert last_event(desk) == (EventOutcome.DUPLICATE, None)
    assert len(phone_messages(desk)) == 1


@pytest.mark.sqlite_only
def test_a_reply_on_the_phone_leaves_the_conversation_with_the_person_who_holds_it(desk):
    desk.call(take_over, desk.conversation.id, None, NOON)
    epoch = desk.conversation.epoch

    desk.take(echo(PHONE, NOON, "phone"))

    assert desk.conversation.state is ConversationState.OPERATOR
    assert desk.conversation.epoch == epoch


@pytest.mark.sqlite_only
def test_a_first_message_from_the_phone_opens_a_conversation_that_people_hold(shop):
    desk = Desk(shop)

    desk.take(echo(PHONE, NOON, "phone"))

    assert desk.conversation.state is ConversationState.OPERATOR
    assert desk.conversation.unread_count == 0


@pytest.mark.sqlite_only
def test_an_echo_settles_an_unknown_reply_and_the_assistant_answers_what_came_meanwhile(desk):
    unknown(desk)
    desk.take(text("و سایز؟", NOON + seconds(9), mid="meanwhile"), now=NOON + seconds(9))

    desk.take(echo(ANSWER, NOON, "mid.late"), now=NOON + seconds(10))
    desk.answer(NOON + seconds(10))

    assert desk.deliveries[0].state is DeliveryState.SENT
    assert desk.deliveries[0].external_id == "mid.late"
    assert desk.deliveries[0].error is None
    assert desk.conversation.state is ConversationState.ASSISTANT
    assert desk.message("meanwhile").answered_by_id == desk.replies[1].id
    assert desk.message("question").answered_by_id == desk.replies[0].id


@pytest.mark.sqlite_only
def test_an_echo_does_not_give_back_what_a_person_took(desk):
    unknown(desk)
    desk.call(take_over, desk.conversation.id, None, NOON)

    desk.take(echo(ANSWER, NOON, "mid.late"))

    assert desk.deliveries[0].state is DeliveryState.SENT
    assert desk.conversation.state is ConversationState.OPERATOR


def lost_while(desk, deed, *args):
    """Somebody does something while the assistant's reply is under way, of which nobody knows then what became."""
    desk.call(delivering._claim, desk.replies[0].id, NOON)
    desk.call(deed, desk.conversation.id, *args, NOON)
    desk.sweep(NOON + seconds(61))
    assert desk.conversation.hand_over_reason is HandOverReason.DELIVERY_UNKNOWN


@pytest.mark.parametrize("deed", [take_over, close])
def test_an_echo_does_not_give_back_what_a_person_took_while_it_was_being_sent(desk, deed):
    lost_while(desk, deed, None)

    desk.take(echo(ANSWER, NOON, "mid.late"), now=NOON + seconds(62))

    assert desk.deliveries[0].state is DeliveryState.SENT
    assert desk.conversation.state is ConversationState.OPERATOR
    assert desk.conversation.hand_over_reason is None


@pytest.mark.sqlite_only
def test_it_stays_with_the_person_who_took_it(desk):
    with transaction():
        sara = add_operator(Role.AGENT).id
    lost_while(desk, take_over, sara)

    desk.take(echo(ANSWER, NOON, "mid.late"), now=NOON + seconds(62))

    assert desk.conversation.operator_id == sara


@pytest.mark.sqlite_only
def test_an_echo_of_other_words_leaves_the_reply_unknown(desk):
    unknown(desk)

    desk.take(echo(PHONE, NOON, "phone"))

    assert desk.deliveries[0].state is DeliveryState.UNKNOWN
    assert desk.conversation.state is ConversationState.OPERATOR


@pytest.mark.sqlite_only
def test_a_reply_of_which_only_the_first_part_arrived_stays_with_people(shop):
    desk = Desk(shop)
    desk.model.reply = {"reply": "این محصول موجود است. " * 50, "hand_over": False}
    desk.take(text("چنده؟", NOON))
    desk.answer(NOON)
    unknown(desk)

    desk.take(echo(desk.deliveries[0].text, NOON, "mid.late"))

    assert [one.state for one in desk.deliveries[:2]] == [DeliveryState.SENT, DeliveryState.FAILED]
    assert desk.conversation.state is ConversationState.HANDED_OVER


@pytest.mark.sqlite_only
def test_an_echo_belongs_to_the_send_at_hand_before_an_older_one_of_the_same_words(desk):
    unknown(desk)
    desk.call(reply, desk.conversation.id, None, ANSWER, "a-click", NOON)

    def echo_first(payload):
        desk.take(echo(ANSWER, NOON, "mid.sent.1"))
        return desk.graph.default(payload)

    desk.graph.script = [echo_first]
    desk.deliver(NOON)

    assert [(one.state, one.external_id) for one in desk.deliveries] == [
        (DeliveryState.UNKNOWN, None),
        (DeliveryState.SENT, "mid.sent.1"),
    ]


# --- of more than words ----------------------------------------------------------------------------------------------

PICTURE = "https://shop.example/a.jpg"
CARD = Card("پیراهن", "نخی", PICTURE)


def file_echo(kind, payload, mid, sent_at=NOON):
    item = echo("", sent_at, mid)
    del item["message"]["text"]
    item["message"]["attachments"] = [{"type": kind, **({"payload": payload} if payload else {})}]
    return item


def card_echo(title, mid, sent_at=NOON):
    return file_echo("template", {"generic": {"elements": [{"title": title, "image_url": PICTURE}]}}, mid, sent_at)


SENT_EXTRAS = {
    "picture": (Extras(file=OutboundFile("image", PICTURE)), ("image", {"url": "https://lookaside.fbsbx.com/x"})),
    "voice": (Extras(file=OutboundFile("voice", "https://s.example/a.m4a")), ("audio", {"url": "https://x.example/"})),
    "heart": (Extras(is_like=True), ("like_heart", None)),
    "cards": (Extras(cards=(CARD,)), ("template", {"generic": {"elements": [{"title": "پیراهن"}]}})),
}


@pytest.mark.sqlite_only
@pytest.mark.parametrize("what", SENT_EXTRAS)
def test_an_early_echo_of_more_than_words_is_known_by_its_kind(shop, what):
    extras, (kind, payload) = SENT_EXTRAS[what]
    desk = Desk(shop)
    desk.take(text("چنده؟", NOON, mid="question"))
    desk.call(reply, desk.conversation.id, None, "", "a-click", NOON, extras)

    def echo_first(request):
        desk.take(file_echo(kind, payload, "mid.sent.1"))
        return desk.graph.default(request)

    desk.graph.script = [echo_first]
    desk.deliver()

    assert last_event(desk) == (EventOutcome.ECHO, "ours")
    assert phone_messages(desk) == []
    assert [(one.state, one.external_id) for one in desk.deliveries] == [(DeliveryState.SENT, "mid.sent.1")]


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    "other",
    [
        card_echo("کیف", "phone"),
        file_echo("image", {"url": PICTURE}, "phone"),
        file_echo("like_heart", None, "phone"),
        echo("پیراهن", NOON, "phone"),
    ],
)
def test_an_echo_of_something_else_is_a_persons(shop, other):
    desk = Desk(shop)
    desk.take(text("چنده؟", NOON, mid="question"))
    desk.call(reply, desk.conversation.id, None, "", "a-click", NOON, Extras(cards=(CARD,)))
    unknown(desk)

    desk.take(other)

    assert last_event(desk) == (EventOutcome.ECHO, "phone")
    assert desk.deliveries[0].state is DeliveryState.UNKNOWN


@pytest.mark.sqlite_only
@pytest.mark.parametrize(("late", "state"), [(60, DeliveryState.SENT), (600, DeliveryState.UNKNOWN)])
def test_a_picture_of_unknown_fate_is_settled_by_an_echo_of_its_time_only(shop, late, state):
    desk = Desk(shop)
    desk.take(text("چنده؟", NOON, mid="question"))
    desk.call(reply, desk.conversation.id, None, "", "a", NOON, Extras(file=OutboundFile("image", PICTURE)))
    unknown(desk)

    at = NOON + seconds(late)
    desk.take(file_echo("image", {"url": "https://lookaside.fbsbx.com/x"}, "mid.9", at), now=at)

    assert desk.deliveries[0].state is state


@pytest.mark.sqlite_only
def test_a_picture_from_the_phone_does_not_settle_a_text(desk):
    unknown(desk)

    desk.take(file_echo("image", {"url": PICTURE}, "phone"))

    assert desk.deliveries[0].state is DeliveryState.UNKNOWN
