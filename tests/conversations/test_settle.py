"""A person says what became of a reply of which nobody knows whether it arrived."""

from datetime import timedelta

import pytest
from desk import Desk
from rows import NOON, add_operator
from shop import echo, seconds, text

from pilito.channels.base import Card, OutboundFile, QuickReply
from pilito.conversations.payload import Extras
from pilito.conversations.reply import reply
from pilito.conversations.settle import Settlement, settle
from pilito.conversations.settle_restored import settle_restored
from pilito.database import transaction
from pilito.errors import Refused
from pilito.lifecycle import ConversationState, DeliveryState, InboxState, MessageType, Role, Sender
from pilito.models import Audit, Inbox, Message, db

LATER = NOON + seconds(60)
PICTURE = OutboundFile("image", "https://files.shop.test/bag.jpg")
ANSWER = "در همین پست نوشته‌ایم."
LONG = "\n".join(f"{name}: " + "قیمت " * 50 for name in ("رنگ", "سایز", "جنس", "مدل"))


@pytest.fixture
def desk(shop):
    """Its assistant's reply is uncertain."""
    return make(shop, ANSWER)


def make(shop, words):
    desk = Desk(shop)
    desk.model.reply = {"reply": words, "hand_over": False, "reason": ""}
    desk.take(text("چنده؟", NOON, mid="question"))
    desk.answer(NOON)
    desk.graph.script = [(500, {})]
    desk.deliver(NOON)
    with transaction():
        desk.operator_id = add_operator(Role.AGENT).id
    return desk


def decide(desk, how, now=LATER):
    desk.call(settle, desk.deliveries[0].id, how, desk.operator_id, now)


def refused(desk, how, now=LATER):
    with pytest.raises(Refused) as caught:
        decide(desk, how, now)
    return caught.value.reason


@pytest.mark.sqlite_only
def test_it_arrived_and_the_assistant_goes_on(desk):
    decide(desk, Settlement.ARRIVED)

    [delivery] = desk.deliveries
    assert (delivery.state, delivery.error) == (DeliveryState.SENT, None)
    assert desk.conversation.state is ConversationState.ASSISTANT
    assert desk.graph.sent == []


@pytest.mark.sqlite_only
def test_it_did_not_and_is_sent_again_as_the_persons_own(desk):
    decide(desk, Settlement.AGAIN)
    assert (desk.conversation.state, desk.conversation.operator_id) == (ConversationState.OPERATOR, desk.operator_id)
    desk.deliver(NOON + seconds(61))

    old, new = desk.deliveries
    assert (old.state, old.error) == (DeliveryState.FAILED, "sent_again")
    assert (new.state, new.text) == (DeliveryState.SENT, ANSWER)
    assert desk.graph.texts == [ANSWER]
    again = desk.rows(Message)[-1]
    assert (again.sender, again.operator_id) == (Sender.OPERATOR, desk.operator_id)
    assert desk.message("question").answered_by_id == again.id
    assert desk.conversation.state is ConversationState.OPERATOR
    assert desk.conversation.unanswered_since is None
    assert desk.conversation.last_message_at == again.sent_at > old.created_at


@pytest.mark.sqlite_only
def test_given_up_nothing_is_sent_and_the_person_has_it(desk):
    decide(desk, Settlement.GIVEN_UP)
    desk.deliver(NOON + seconds(61))

    assert [(one.state, one.error) for one in desk.deliveries] == [(DeliveryState.FAILED, "given_up")]
    assert desk.graph.sent == []
    assert desk.conversation.state is ConversationState.OPERATOR


@pytest.mark.parametrize("how", list(Settlement))
def test_it_is_settled_once_and_written_down(desk, how):
    shown = desk.conversation.seq

    decide(desk, how)

    assert refused(desk, Settlement.AGAIN) == "settled_already"
    settled = [audit for audit in desk.rows(Audit) if audit.action == "settled_send"]
    details = {"delivery_id": desk.deliveries[0].id, "how": how.value}
    assert [(one.operator_id, one.details) for one in settled] == [(desk.operator_id, details)]
    assert (settled[0].conversation_id, settled[0].at) == (desk.conversation.id, LATER)
    assert all(one.seq > shown for one in desk.replies)  # so the panels fetch what became of it


def test_two_people_decide_at_once_and_one_is_told(desk):
    number = desk.deliveries[0].id

    told = desk.together(*[lambda: settle(number, Settlement.AGAIN, None, NOON + seconds(60))] * 2)

    assert sorted(getattr(one, "reason", "") for one in told) == ["", "settled_already"]
    assert len(desk.deliveries) == 2


def test_what_a_person_called_arrived_gets_its_id_when_the_echo_comes(desk):
    decide(desk, Settlement.ARRIVED)

    desk.take(echo(ANSWER, NOON, "mid.ours"), now=NOON + seconds(90))

    assert desk.deliveries[0].external_id == "mid.ours"
    assert desk.rows(Message, sender="phone") == []


@pytest.mark.sqlite_only
def test_all_that_was_kept_back_goes_out_with_it(shop):
    desk = make(shop, LONG)
    assert len(desk.deliveries) > 1

    decide(desk, Settlement.AGAIN)
    desk.deliver(NOON + seconds(61))

    assert "".join("".join(desk.graph.texts).split()) == "".join(LONG.split())


@pytest.mark.parametrize(
    ("words", "extras", "message_type"),
    [
        ("", {"file": PICTURE}, MessageType.IMAGE),
        ("این هم عکسش", {"file": PICTURE, "reply_to_external_id": "question"}, MessageType.IMAGE),
        ("", {"cards": (Card("کیف", subtitle="چرم"),)}, MessageType.PRODUCT),
        ("کدام رنگ؟", {"quick_replies": (QuickReply("قرمز"), QuickReply("آبی"))}, MessageType.TEXT),
        ("", {"is_like": True}, MessageType.LIKE),
    ],
)
def test_what_it_carried_is_sent_again_as_it_was(shop, words, extras, message_type):
    desk = Desk(shop)
    desk.operator_id = None
    desk.take(text("عکس دارید؟", NOON, mid="question"))
    desk.call(reply, desk.conversation.id, None, words, "c-1", NOON, Extras(**extras))
    desk.graph.script = [(500, {})]
    desk.deliver(NOON)
    first = desk.graph.calls[-1]
    payloads = [one.payload for one in desk.deliveries]

    decide(desk, Settlement.AGAIN)
    desk.deliver(NOON + seconds(61))

    assert desk.graph.calls[1] == first
    assert [one.payload for one in desk.deliveries][len(payloads) :] == payloads
    old, again = desk.rows(Message, sender="operator")
    assert (again.message_type, again.text, again.content) == (message_type, old.text, old.content)
    assert again.reply_to_external_id == extras.get("reply_to_external_id")
    assert [shown(file) for file in again.attachments] == [shown(file) for file in old.attachments]


def shown(file):
    return file.position, file.kind, file.url, file.title


@pytest.mark.sqlite_only
def test_only_what_did_not_leave_is_sent_again(shop):
    desk = Desk(shop)
    desk.operator_id = None
    desk.take(text("عکس دارید؟", NOON, mid="question"))
    desk.call(reply, desk.conversation.id, None, "این هم عکسش", "c-1", NOON, Extras(file=PICTURE))
    desk.graph.script = [(200, {"recipient_id": "1", "message_id": "mid.picture"}), (500, {})]
    desk.deliver(NOON)

    desk.call(settle, desk.deliveries[1].id, Settlement.AGAIN, None, LATER)
    desk.deliver(NOON + seconds(61))

    assert [one.payload for one in desk.deliveries] == [desk.deliveries[0].payload, None, None]
    again = desk.rows(Message)[-1]
    assert (again.message_type, again.text, again.attachments) == (MessageType.TEXT, "این هم عکسش", [])


@pytest.mark.sqlite_only
def test_what_is_sent_again_says_only_what_did_not_leave(shop):
    desk = Desk(shop)
    desk.operator_id = None
    desk.take(text("همه را بگو", NOON, mid="question"))
    desk.call(reply, desk.conversation.id, None, f"{LONG}\n{LONG.replace('قیمت', 'اندازه')}", "c-1", NOON)
    first, second, *rest = [one.text for one in desk.deliveries]
    assert rest
    desk.graph.script = [(200, {"recipient_id": "1", "message_id": "mid.first"}), (500, {})]
    desk.deliver(NOON)

    desk.call(settle, desk.deliveries[1].id, Settlement.AGAIN, None, LATER)

    assert desk.rows(Message)[-1].text == "\n".join([second, *rest])
    assert first not in desk.rows(Message)[-1].text


@pytest.fixture
def restored(shop):
    """A long reply that a backup held unsent: of none of its parts is known whether it left since."""
    desk = Desk(shop)
    desk.operator_id = None
    desk.take(text("همه را بگو", NOON, mid="question"))
    desk.call(reply, desk.conversation.id, None, f"{LONG}\n{LONG}", "c-1", NOON)
    desk.call(settle_restored, NOON)
    desk.sweep(NOON)
    return desk


@pytest.mark.sqlite_only
def test_of_a_restored_reply_every_part_is_uncertain(restored):
    assert len(restored.deliveries) > 2
    assert {one.state for one in restored.deliveries} == {DeliveryState.UNKNOWN}


@pytest.mark.sqlite_only
def test_what_stands_before_the_part_that_is_sent_again_stays_uncertain(restored):
    first, second, *rest = restored.deliveries

    restored.call(settle, second.id, Settlement.AGAIN, None, LATER)
    restored.deliver(NOON + seconds(61))

    assert restored.graph.texts == [second.text, *(one.text for one in rest)]
    assert restored.deliveries[0].state is DeliveryState.UNKNOWN


@pytest.mark.sqlite_only
def test_what_is_sent_again_is_not_uncertain_any_more_and_what_arrived_stays(restored):
    first, second, *rest = restored.deliveries
    restored.call(settle, second.id, Settlement.ARRIVED, None, LATER)

    restored.call(settle, first.id, Settlement.AGAIN, None, LATER)
    restored.deliver(NOON + seconds(61))

    assert restored.graph.texts == [first.text, *(one.text for one in rest)]
    known = [one.state for one in restored.deliveries[: 2 + len(rest)]]
    assert known == [DeliveryState.FAILED, DeliveryState.SENT, *[DeliveryState.FAILED] * len(rest)]


@pytest.mark.sqlite_only
def test_after_the_time_to_reply_nothing_is_sent_again(desk):
    assert refused(desk, Settlement.AGAIN, NOON + timedelta(days=8)) == "window_closed"
    assert desk.deliveries[0].state is DeliveryState.UNKNOWN


@pytest.mark.sqlite_only
def test_a_stopped_inbox_sends_nothing_again(desk):
    with transaction():
        db.session.get_one(Inbox, desk.shop.inbox_id).state = InboxState.STOPPED

    assert refused(desk, Settlement.AGAIN) == "inbox_stopped"


@pytest.mark.sqlite_only
def test_what_is_not_there_cannot_be_settled(desk):
    with pytest.raises(Refused) as caught:
        desk.call(settle, 99, Settlement.ARRIVED, None, NOON)

    assert caught.value.reason == "not_found"
