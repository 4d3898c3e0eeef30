"""A blocked customer's words are kept and nobody is called: no answer, no dot, no open conversation."""

import pytest
from desk import Desk
from rows import NOON
from shop import echo, edited, reel, seconds, standby, text

from pilito.conversations.approve import draft_again
from pilito.conversations.block import block, unblock
from pilito.conversations.merge import merge, unmerge
from pilito.conversations.receive import receive
from pilito.conversations.reply import reply
from pilito.conversations.take_over import give_back, take_over
from pilito.errors import Refused
from pilito.lifecycle import ConversationState, DeliveryState, EventOutcome, ShareState, TurnState
from pilito.models import Audit, Conversation, Message

LATER = NOON + seconds(9)
OTHER = "600000000000002"


@pytest.fixture
def desk(shop):
    """A customer has asked."""
    desk = Desk(shop)
    desk.take(text("چنده؟", NOON, mid="question"))
    return desk


def do(desk, verb, now=NOON, operator_id=None):
    desk.call(verb, desk.conversation.id, operator_id, now)


def meanwhile(desk, action):
    """Do this while the model writes its next answer."""

    def write(payload):
        action()
        return desk.model.default(payload)

    desk.model.script.append(write)


def quiet(conversation):
    return (conversation.state, conversation.unread_count, conversation.unanswered_since, conversation.drafted_at)


QUIET = (ConversationState.CLOSED, 0, None, None)


def refusal_of(call):
    with pytest.raises(Refused) as refused:
        call()
    return refused.value.reason


@pytest.mark.sqlite_only
def test_a_blocked_customers_message_is_recorded_and_calls_nobody(desk):
    do(desk, block)

    webhook = desk.take(text("چرا جواب نمی‌دید؟", LATER, mid="again"), now=LATER)
    desk.answer(LATER + seconds(9))

    assert desk.outcomes(webhook) == [EventOutcome.STORED]
    assert desk.message("again").text == "چرا جواب نمی‌دید؟"
    assert quiet(desk.conversation) == QUIET
    assert desk.model.calls == desk.replies == []
    assert [audit.action for audit in desk.rows(Audit, conversation_id=desk.conversation.id)] == ["blocked"]


@pytest.mark.sqlite_only
def test_the_neighbour_who_is_not_blocked_is_answered(desk):
    do(desk, block)

    desk.take(text("سلام، چنده؟", LATER, customer=OTHER), now=LATER)
    desk.answer(LATER + seconds(9))

    neighbour = desk.rows(Conversation)[1]
    assert neighbour.unread_count == 1
    assert [message.conversation_id for message in desk.replies] == [neighbour.id]


def test_what_the_assistant_was_writing_is_dropped_when_the_customer_is_blocked(desk):
    conversation_id = desk.conversation.id
    meanwhile(desk, lambda: desk.call(block, conversation_id, None, NOON))

    desk.answer(LATER)

    assert len(desk.model.calls) == 1
    assert desk.replies == desk.deliveries == []
    assert desk.turn.state is TurnState.DROPPED
    assert quiet(desk.conversation) == QUIET


def test_nor_is_what_comes_then_while_it_still_writes_answered(desk):
    conversation_id = desk.conversation.id

    def block_and_write():
        desk.call(block, conversation_id, None, NOON)
        desk.take(text("الو؟", LATER, mid="late"), now=LATER)

    meanwhile(desk, block_and_write)

    desk.answer(LATER)
    desk.sweep(LATER + seconds(600))

    assert desk.message("late").turn_id is None
    assert desk.replies == []
    assert quiet(desk.conversation) == QUIET


def test_a_reply_that_has_not_left_is_not_sent_after_the_block(desk):
    desk.answer(LATER)
    do(desk, block)

    desk.deliver(LATER)

    assert desk.graph.texts == []
    assert [delivery.state for delivery in desk.deliveries] == [DeliveryState.FAILED]
    assert quiet(desk.conversation) == QUIET


@pytest.mark.sqlite_only
@pytest.mark.parametrize("deed", ["the customer writes", "somebody takes it over", "somebody replies"])
def test_what_waited_for_the_block_opens_nothing_either(desk, deed, database_kind):
    if database_kind == "sqlite":
        pytest.skip("SQLite has one writer, who reads what the one before has written.")
    conversation_id, webhook = desk.conversation.id, desk.record(text("الو؟", LATER, mid="late"), now=LATER)
    second = {
        "the customer writes": lambda: receive(webhook, LATER),
        "somebody takes it over": lambda: refusal_of(lambda: take_over(conversation_id, None, LATER)),
        "somebody replies": lambda: refusal_of(lambda: reply(conversation_id, None, "سلام", "c1", LATER)),
    }[deed]

    ended = desk.behind("conversations.block.block_before", lambda: block(conversation_id, None, NOON), second)

    assert ended in (True, "blocked")
    assert quiet(desk.conversation) == QUIET
    assert (desk.message("late") is not None) == (deed == "the customer writes")


def test_an_account_that_is_called_the_same_person_meanwhile_is_not_left_out_in_silence(desk, database_kind):
    if database_kind == "sqlite":
        pytest.skip("SQLite has one writer: the block comes after the whole merge.")
    first = desk.conversation.id
    desk.take(text("سلام", LATER, customer=OTHER), now=LATER)
    [other] = [one.id for one in desk.rows(Conversation) if one.id != first]

    ended = desk.behind(
        "conversations.merge.merge_before",
        lambda: merge(first, other, None, LATER),
        lambda: refusal_of(lambda: block(first, None, LATER)),
    )

    assert ended == "changed_meanwhile"
    assert [one.is_blocked for one in desk.rows(Conversation)] == [False, False]
    desk.call(block, first, None, LATER)
    assert [one.is_blocked for one in desk.rows(Conversation)] == [True, True]


def test_an_account_that_is_called_somebody_else_meanwhile_is_left_alone(desk, database_kind):
    if database_kind == "sqlite":
        pytest.skip("SQLite has one writer: the block comes after all of it.")
    first = desk.conversation.id
    desk.take(text("سلام", LATER, customer=OTHER), now=LATER)
    [other] = [one.id for one in desk.rows(Conversation) if one.id != first]
    desk.call(merge, first, other, None, LATER)

    desk.behind(
        "conversations.merge.unmerge_before",
        lambda: unmerge(other, None, LATER),
        lambda: block(first, None, LATER),
    )

    assert [one.is_blocked for one in desk.rows(Conversation)] == [True, False]


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    "came", [reel(LATER), edited("question", "چند است؟", LATER), echo("سلام", LATER, "from-the-phone")], ids=str
)
def test_whatever_else_comes_opens_nothing(desk, came):
    do(desk, block)

    desk.take(came, now=LATER)
    desk.sweep(LATER + seconds(600))

    assert quiet(desk.conversation) == QUIET


@pytest.mark.sqlite_only
def test_a_blocked_customers_share_waits_and_expires_like_any_other(desk):
    do(desk, block)
    desk.take(reel(LATER, mid="share"), text("چنده؟", LATER + seconds(3), mid="asked"), now=LATER)

    share = desk.shop.share_of(desk.message("share"))

    assert share.state is ShareState.COMBINED  # who looks it up later sees what was asked about
    assert desk.message("asked").turn_id is None


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    "deed",
    [
        lambda one: take_over(one, None, LATER),
        lambda one: give_back(one, None, LATER),
        lambda one: reply(one, None, "سلام", "1", LATER),
    ],
    ids=["take over", "give back", "reply"],
)
def test_people_unblock_before_they_go_on(desk, deed):
    do(desk, block)

    with pytest.raises(Refused) as refused:
        desk.call(deed, desk.conversation.id)

    assert refused.value.reason == "blocked"
    assert quiet(desk.conversation) == QUIET


def test_unblocking_opens_nothing_and_answers_nothing_that_came_meanwhile(desk):
    do(desk, block)
    desk.take(text("اولی", LATER, mid="meanwhile"), now=LATER)

    do(desk, unblock, LATER + seconds(1))

    assert quiet(desk.conversation) == QUIET
    assert desk.rows(Message, external_id="meanwhile")[0].answered_by_id is None


def asked_which(desk):
    desk.model.reply = {"reply": "منظورتان کدام است؟", "asks_which": True, "hand_over": False, "reason": ""}
    desk.answer(NOON + seconds(5))
    desk.deliver(NOON + seconds(5))


@pytest.mark.sqlite_only
def test_a_post_that_answers_which_one_while_blocked_waits_for_nobody_then_or_later(desk):
    asked_which(desk)
    do(desk, block)

    desk.take(reel(LATER, mid="post"), now=LATER)

    assert quiet(desk.conversation) == QUIET
    do(desk, unblock, LATER + seconds(1))
    desk.take(text("دومی", LATER + seconds(2), mid="new"), now=LATER + seconds(2))
    desk.answer(LATER + seconds(20))
    assert desk.message("new").answered_by_id == desk.replies[-1].id
    assert desk.message("post").answered_by_id is None


@pytest.mark.sqlite_only
def test_nor_does_one_that_another_app_answers(desk):
    asked_which(desk)

    desk.take(standby(reel(LATER, mid="post")), now=LATER)

    assert desk.message("post").share.state is ShareState.COMBINED
    assert (desk.conversation.unanswered_since, desk.turn.state) == (None, TurnState.ANSWERED)


def test_after_unblocking_the_next_message_is_answered_and_no_older_one(desk):
    do(desk, block)
    desk.take(text("اولی", LATER, mid="meanwhile"), now=LATER)
    do(desk, unblock, LATER + seconds(1))

    desk.take(text("دومی", LATER + seconds(2), mid="new"), now=LATER + seconds(2))
    desk.answer(LATER + seconds(20))

    assert desk.message("new").answered_by_id == desk.replies[0].id
    assert desk.message("meanwhile").answered_by_id is None
    assert desk.conversation.unread_count == 1


@pytest.mark.sqlite_only
def test_a_person_is_blocked_and_unblocked_with_all_their_accounts(desk):
    desk.take(text("سلام", NOON, customer=OTHER))
    first, second = (one.id for one in desk.rows(Conversation))
    desk.call(merge, first, second, None, NOON)

    desk.call(block, second, None, LATER)
    assert [quiet(one) for one in desk.rows(Conversation)] == [QUIET, QUIET]

    desk.call(unblock, first, None, LATER)
    assert not any(one.is_blocked for one in desk.rows(Conversation))


@pytest.mark.sqlite_only
def test_to_ask_for_a_draft_is_refused_too(desk):
    do(desk, block)

    with pytest.raises(Refused):
        desk.call(draft_again, desk.conversation.id, LATER)
