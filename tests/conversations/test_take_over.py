"""Who answers: taken over, given back, closed; each change voids what was begun before it."""

import pytest
from desk import Desk
from rows import NOON, add_operator
from shop import seconds, text

from pilito.conversations.close import close
from pilito.conversations.take_over import give_back, take_over
from pilito.database import transaction
from pilito.errors import Refused
from pilito.lifecycle import ConversationState, HandOverReason, Role, TurnState
from pilito.models import Audit, Turn

LATER = NOON + seconds(9)


@pytest.fixture
def desk(shop):
    """A customer has asked."""
    desk = Desk(shop)
    desk.take(text("چنده؟", NOON, mid="question"))
    return desk


def do(desk, verb, now=NOON, operator_id=None):
    desk.call(verb, desk.conversation.id, operator_id, now)


def actions(desk):
    return [audit.action for audit in desk.rows(Audit, conversation_id=desk.conversation.id)]


@pytest.mark.sqlite_only
def test_taking_over_drops_the_turn_and_leaves_the_question_unanswered(desk):
    epoch = desk.conversation.epoch

    do(desk, take_over)
    desk.answer(LATER)

    assert desk.conversation.state is ConversationState.OPERATOR
    assert desk.conversation.epoch == epoch + 1
    assert desk.turn.state is TurnState.DROPPED
    assert desk.conversation.unanswered_since == NOON
    assert desk.model.calls == []
    assert actions(desk) == ["took_over"]


@pytest.mark.sqlite_only
def test_what_comes_while_a_person_holds_it_is_not_asked(desk):
    do(desk, take_over)

    desk.take(text("هستید؟", LATER), now=LATER)

    assert [turn.state for turn in desk.rows(Turn)] == [TurnState.DROPPED]
    assert desk.conversation.unread_count == 2


@pytest.mark.sqlite_only
def test_taking_over_twice_is_once(desk):
    do(desk, take_over)
    epoch = desk.conversation.epoch

    do(desk, take_over)

    assert desk.conversation.epoch == epoch
    assert actions(desk) == ["took_over"]


@pytest.mark.sqlite_only
def test_another_person_can_take_it_from_the_first(desk):
    with transaction():
        first, second = add_operator(Role.AGENT).id, add_operator(Role.AGENT).id
    do(desk, take_over, operator_id=first)

    do(desk, take_over, operator_id=second)

    assert desk.conversation.operator_id == second
    assert actions(desk) == ["took_over", "took_over"]


@pytest.mark.sqlite_only
def test_giving_back_answers_what_nobody_answered(desk):
    do(desk, take_over)
    desk.take(text("و سایز؟", NOON + seconds(5), mid="second"), now=NOON + seconds(5))

    do(desk, give_back, now=LATER)
    desk.answer(LATER)
    desk.deliver(LATER)

    assert desk.conversation.state is ConversationState.ASSISTANT
    assert desk.conversation.operator_id is None
    assert len(desk.graph.sent) == 1
    assert desk.message("question").answered_by_id == desk.message("second").answered_by_id == desk.replies[0].id


@pytest.mark.sqlite_only
def test_giving_back_what_was_answered_asks_nothing(desk):
    desk.answer(NOON)
    do(desk, take_over)

    do(desk, give_back)

    assert [turn.state for turn in desk.rows(Turn)] == [TurnState.ANSWERED]


@pytest.mark.sqlite_only
def test_giving_back_twice_is_once(desk):
    do(desk, take_over)

    for _ in range(2):
        do(desk, give_back)

    assert len([turn for turn in desk.rows(Turn) if turn.state is TurnState.OPEN]) == 1
    assert actions(desk) == ["took_over", "gave_back"]


@pytest.mark.sqlite_only
def test_a_question_too_old_for_the_assistant_comes_straight_back_to_people(desk):
    do(desk, take_over)

    do(desk, give_back, now=NOON + seconds(24 * 3600 + 1))

    assert desk.conversation.state is ConversationState.HANDED_OVER
    assert desk.conversation.hand_over_reason is HandOverReason.TOO_OLD


@pytest.mark.sqlite_only
def test_a_draft_of_before_does_not_outlive_taking_over_and_giving_back(desk):
    conversation_id = desk.conversation.id

    def take_and_give(payload):
        desk.call(take_over, conversation_id, None, NOON)
        desk.call(give_back, conversation_id, None, NOON)
        return desk.model.default(payload)

    desk.model.script = [take_and_give]
    desk.answer(NOON)
    dropped = not desk.replies
    desk.answer(NOON)

    assert dropped
    assert len(desk.replies) == 1
    assert [turn.state for turn in desk.rows(Turn)] == [TurnState.DROPPED, TurnState.ANSWERED]


@pytest.mark.sqlite_only
def test_closing_ends_the_turn_and_the_waiting(desk):
    do(desk, close)
    desk.answer(LATER)

    conversation = desk.conversation
    assert conversation.state is ConversationState.CLOSED
    assert (conversation.unanswered_since, conversation.unread_count) == (None, 0)
    assert desk.turn.state is TurnState.DROPPED
    assert desk.model.calls == []


@pytest.mark.sqlite_only
def test_closing_keeps_back_a_reply_that_had_not_left(desk):
    desk.answer(NOON)

    do(desk, close)
    desk.deliver(NOON)

    assert desk.deliveries[0].error == "taken_over"
    assert desk.graph.calls == []
    assert desk.conversation.unanswered_since is None


@pytest.mark.sqlite_only
def test_closing_twice_is_once(desk):
    for _ in range(2):
        do(desk, close)

    assert actions(desk) == ["closed"]


@pytest.mark.sqlite_only
def test_after_closing_only_what_is_new_is_asked(desk):
    do(desk, close)

    desk.take(text("و این؟", LATER, mid="new"), now=LATER)
    desk.answer(LATER)

    assert desk.message("new").answered_by_id == desk.replies[0].id
    assert desk.message("question").answered_by_id is None


@pytest.mark.sqlite_only
@pytest.mark.parametrize("verb", [take_over, give_back, close])
def test_a_conversation_that_is_not_there_is_refused(desk, verb):
    with pytest.raises(Refused):
        desk.call(verb, 999, None, NOON)
