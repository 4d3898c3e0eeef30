"""A post that comes after its question was given to people, who have not looked at it yet."""

import pytest
from desk import Desk
from rows import NOON
from shop import reel, seconds, text

from pilito.conversations.take_over import take_over
from pilito.lifecycle import ConversationState
from pilito.models import Audit

NOT_KNOWN = {"reply": "", "hand_over": True, "reason": "not_known"}
WANTS_PERSON = {"reply": "", "hand_over": True, "reason": "asked_for_person"}
ANSWER = {"reply": "در کپشن نوشته‌ایم.", "hand_over": False, "reason": ""}


@pytest.fixture
def desk(shop):
    return Desk(shop)


def ask(desk, said):
    """The post was sent first, but its webhook is late."""
    desk.model.reply = said
    desk.take(text("این لباس چقدره؟", NOON + seconds(5), mid="question"), now=NOON + seconds(5))
    desk.answer(NOON + seconds(5))
    desk.model.reply = ANSWER


def let_the_post_arrive(desk):
    desk.take(reel(NOON, mid="reel"), now=NOON + seconds(15))


def test_it_brings_what_was_not_known_back_to_the_assistant(desk):
    ask(desk, NOT_KNOWN)
    before = desk.conversation.state

    let_the_post_arrive(desk)
    desk.answer(NOON + seconds(15))

    assert before is ConversationState.HANDED_OVER
    assert desk.conversation.state is ConversationState.ASSISTANT
    assert [one.text for one in desk.replies] == [ANSWER["reply"]]
    assert "asked_again" in [row.action for row in desk.rows(Audit)]


@pytest.mark.sqlite_only
def test_it_leaves_the_conversation_with_the_person_who_took_it(desk):
    ask(desk, NOT_KNOWN)
    desk.call(take_over, desk.conversation.id, None, NOON + seconds(10))

    let_the_post_arrive(desk)

    assert desk.conversation.state is ConversationState.OPERATOR
    assert desk.message("question").content.startswith("[CONTEXT:")
    assert len(desk.model.calls) == 1


@pytest.mark.sqlite_only
def test_it_leaves_a_customer_who_wants_a_person_to_people(desk):
    ask(desk, WANTS_PERSON)

    let_the_post_arrive(desk)

    assert desk.conversation.state is ConversationState.HANDED_OVER
    assert len(desk.model.calls) == 1


@pytest.mark.sqlite_only
def test_a_post_that_belongs_to_no_question_changes_nothing(desk):
    ask(desk, NOT_KNOWN)

    desk.take(reel(NOON - seconds(200), mid="old"), now=NOON + seconds(15))

    assert desk.conversation.state is ConversationState.HANDED_OVER


@pytest.mark.sqlite_only
def test_the_answered_question_it_belongs_to_is_shown_with_it_to_open_panels_too(desk):
    ask(desk, ANSWER)
    answered_at = desk.conversation.seq

    let_the_post_arrive(desk)

    assert desk.message("question").content == "این لباس چقدره؟"  # what the assistant read
    assert desk.message("question").seq > answered_at


def type_two_questions(desk):
    """The post, what it costs, its sizes; only the last arrives at first, and is answered by itself."""
    desk.model.reply = ANSWER
    desk.take(text("سایزبندی دارید؟", NOON + seconds(8), mid="sizes"), now=NOON + seconds(8))
    desk.answer(NOON + seconds(15))


def test_it_goes_to_its_own_question_that_comes_later_still(desk):
    type_two_questions(desk)

    desk.take(reel(NOON, mid="reel"), now=NOON + seconds(20))
    at_first = desk.shop.share_of(desk.message("reel")).combined_with_id
    desk.take(text("این لباس چقدره؟", NOON + seconds(5), mid="question"), now=NOON + seconds(25))
    desk.answer(NOON + seconds(30))

    assert at_first == desk.message("sizes").id  # shown with it, as long as no other had the better right to it
    assert desk.shop.share_of(desk.message("reel")).combined_with_id == desk.message("question").id
    assert desk.message("question").content.startswith("[CONTEXT:")
    assert desk.message("sizes").content == "سایزبندی دارید؟"
    assert len(desk.replies) == 2


@pytest.mark.sqlite_only
def test_it_stays_with_the_question_that_was_answered_on_it(desk):
    desk.model.reply = ANSWER
    desk.take(reel(NOON, mid="reel"), now=NOON + seconds(1))
    desk.take(text("سایزبندی دارید؟", NOON + seconds(8), mid="sizes"), now=NOON + seconds(8))
    desk.answer(NOON + seconds(15))

    desk.take(text("این لباس چقدره؟", NOON + seconds(5), mid="question"), now=NOON + seconds(25))

    assert desk.shop.share_of(desk.message("reel")).combined_with_id == desk.message("sizes").id
    assert desk.message("question").content == "این لباس چقدره؟"
