"""Another app holds the conversation: everything is stored and shown, nothing is answered or paused."""

import pytest
from desk import Desk
from rows import NOON
from shop import about, echo, reaction, reel, seconds, standby, text

from pilito.lifecycle import ConversationState, EventOutcome, Sender
from pilito.models import Message

ONE = seconds(1)


@pytest.fixture
def desk(make_shop):
    return Desk(make_shop())


@pytest.mark.sqlite_only
def test_t17_a_message_in_standby_is_stored_and_never_answered(desk):
    desk.take(standby(text("سلام", NOON, mid="m")))
    desk.sweep(NOON + seconds(60))

    message, conversation = desk.message("m"), desk.conversation
    assert (message.text, message.origin, message.sender) == ("سلام", "standby", Sender.CUSTOMER)
    assert desk.turn is None
    assert (conversation.state, conversation.unread_count) == (ConversationState.ASSISTANT, 1)
    assert conversation.unanswered_since is None
    assert conversation.last_customer_message_at == NOON


@pytest.mark.sqlite_only
def test_a_message_after_it_is_answered_without_answering_it(desk):
    desk.take(standby(text("سلام", NOON, mid="theirs")))

    desk.take(text("چنده؟", NOON + ONE, mid="ours"), now=NOON + ONE)
    desk.answer(NOON + ONE)

    assert desk.message("ours").answered_by_id
    assert desk.message("theirs").answered_by_id is None
    assert "history 2 customer>>>\nسلام" in desk.model.prompts[0]


@pytest.mark.sqlite_only
@pytest.mark.parametrize("turned", [False, True])
def test_the_same_message_in_both_places_is_one(desk, turned):
    places = [standby(text("سلام", NOON, mid="m")), text("سلام", NOON, mid="m")]

    first, second = (desk.take(one) for one in (places[::-1] if turned else places))

    assert (desk.outcomes(first), desk.outcomes(second)) == ([EventOutcome.STORED], [EventOutcome.DUPLICATE])
    assert len(desk.rows(Message)) == 1
    assert (desk.turn is not None) == turned


@pytest.mark.sqlite_only
def test_what_the_other_app_wrote_is_shown_and_pauses_nothing(desk):
    desk.take(text("سلام", NOON, mid="m"))

    desk.take(standby(echo("بفرمایید", NOON + ONE, "other")), now=NOON + ONE)

    assert (desk.message("other").sender, desk.message("other").origin) == (Sender.PHONE, "standby")
    assert desk.conversation.state is ConversationState.ASSISTANT
    assert desk.message("m").answered_by_id is None


@pytest.mark.sqlite_only
def test_a_closed_conversation_stays_closed(desk):
    desk.take(text("سلام", NOON))
    from pilito.conversations.close import close

    desk.call(close, desk.conversation.id, None, NOON)

    desk.take(standby(text("خوبی؟", NOON + ONE, mid="m")), now=NOON + ONE)

    assert desk.conversation.state is ConversationState.CLOSED
    assert desk.message("m")


@pytest.mark.sqlite_only
def test_a_post_in_standby_keeps_its_question_to_itself(desk):
    desk.take(standby(reel(NOON), text("چنده؟", NOON + ONE, mid="q")), now=NOON + ONE)
    desk.sweep(NOON + seconds(300))

    assert desk.message("q").content.startswith("[CONTEXT: پست")
    assert desk.turn is None


@pytest.mark.sqlite_only
def test_an_empty_button_a_reaction_and_seen_come_there_too(desk):
    webhook_id = desk.take(
        standby(about(NOON, postback={}), reaction("x", NOON), about(NOON, read={"mid": "x"}), about(NOON, new={}))
    )

    assert desk.outcomes(webhook_id) == [EventOutcome.STORED] * 3 + [EventOutcome.IGNORED]
