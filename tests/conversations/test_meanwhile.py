"""Whoever writes while somebody else answers is told once, and loses nothing."""

import pytest
from desk import Desk
from rows import NOON, add_operator
from shop import echo, seconds, text

from pilito.channels.base import OutboundReaction
from pilito.conversations.payload import Extras
from pilito.conversations.reply import reply
from pilito.database import transaction
from pilito.errors import Refused
from pilito.lifecycle import Role

LATER = NOON + seconds(20)


@pytest.fixture
def desk(shop):
    desk = Desk(shop)
    desk.take(text("چنده؟", NOON, mid="question"))
    return desk


@pytest.fixture
def sara(desk):
    with transaction():
        return add_operator(Role.AGENT).id


@pytest.fixture
def ali(desk):
    with transaction():
        return add_operator(Role.AGENT).id


def send(desk, operator_id, words, seen_id):
    return desk.call(lambda: reply(desk.conversation.id, operator_id, words, words, LATER, seen_id=seen_id))


def refused(desk, operator_id, seen_id):
    with pytest.raises(Refused) as refusal:
        send(desk, operator_id, "too late", seen_id)
    return refusal.value.reason


def test_a_reply_that_crosses_anothers_is_refused_and_sent_once_both_were_seen(desk, sara, ali):
    seen = desk.message("question").id
    first = send(desk, ali, "two million", seen)

    assert refused(desk, sara, seen) == "answered_meanwhile"
    assert [message.text for message in desk.replies] == ["two million"]

    send(desk, sara, "and it is blue", first.id)
    assert [message.text for message in desk.replies] == ["two million", "and it is blue"]


def test_the_assistants_answer_counts_too(desk, sara):
    seen = desk.message("question").id
    desk.answer(LATER)

    assert refused(desk, sara, seen) == "answered_meanwhile"


@pytest.mark.sqlite_only
def test_and_one_from_the_phone(desk, sara):
    seen = desk.message("question").id
    desk.take(echo("سلام", LATER, "phone"), now=LATER)

    assert refused(desk, sara, seen) == "answered_meanwhile"


@pytest.mark.sqlite_only
def test_a_heart_on_a_message_is_no_answer(desk, sara, ali):
    seen = desk.message("question")
    heart = Extras(reaction=OutboundReaction(seen.external_id, "❤️"))
    desk.call(reply, desk.conversation.id, ali, "", "heart", LATER, heart)

    send(desk, sara, "two million", seen.id)

    assert [message.text for message in desk.replies] == ["❤️", "two million"]


@pytest.mark.sqlite_only
@pytest.mark.parametrize("arrives", [True, False])
def test_a_reply_that_reached_nobody_is_none_either(desk, sara, ali, arrives):
    seen = desk.message("question").id
    desk.graph.script = [None if arrives else (400, {"error": {"code": 551, "message": "unavailable"}})]
    send(desk, ali, "two million", seen)
    desk.deliver(LATER)

    if arrives:
        assert refused(desk, sara, seen) == "answered_meanwhile"
    else:
        assert send(desk, sara, "2,000,000", seen).text == "2,000,000"


def test_ones_own_replies_and_what_the_customer_writes_refuse_nothing(desk, sara):
    seen = desk.message("question").id
    send(desk, sara, "one", seen)
    desk.take(text("و سایز؟", LATER), now=LATER)

    send(desk, sara, "two", seen)

    assert [message.text for message in desk.replies] == ["one", "two"]


@pytest.mark.sqlite_only
def test_who_says_nothing_of_what_they_saw_is_asked_nothing(desk, sara, ali):
    send(desk, ali, "one", None)

    send(desk, sara, "two", None)

    assert len(desk.replies) == 2


def test_of_two_at_the_same_moment_one_is_sent(desk, sara, ali):
    seen, conversation_id = desk.message("question").id, desk.conversation.id

    ended = desk.together(
        *(
            lambda who=who: reply(conversation_id, who, f"by {who}", f"by {who}", LATER, seen_id=seen)
            for who in (sara, ali)
        )
    )

    assert sorted(type(one).__name__ for one in ended) == ["Message", "Refused"]
    assert len(desk.replies) == 1
