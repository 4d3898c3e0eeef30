"""Other apps at the same conversation, and customers who come by a link: a line in the thread, never a question."""

import pytest
from desk import Desk
from rows import NOON
from shop import about, from_ad, seconds, text

from pilito.lifecycle import ConversationState, EventOutcome
from pilito.models import Audit, Conversation, Turn

ONE = seconds(1)


def lines(desk):
    """What is told of the conversation; that the inbox was connected is not."""
    return [line for line in desk.rows(Audit) if line.conversation_id is not None]


@pytest.fixture
def desk(make_shop):
    return Desk(make_shop())


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("key", "action"),
    [
        ("pass_thread_control", "thread_passed"),
        ("take_thread_control", "thread_taken"),
        ("request_thread_control", "thread_requested"),
        ("optin", "opted_in"),
        ("account_linking", "linked"),
    ],
)
def test_what_happened_to_a_conversation_is_a_line_in_it(desk, key, action):
    desk.take(text("سلام", NOON))
    seq = desk.conversation.seq

    desk.take(about(NOON + ONE, **{key: {"new_owner_app_id": 123, "metadata": "to a person"}}), now=NOON + ONE)

    (line,) = lines(desk)
    assert (line.action, line.at, line.details) == (action, NOON + ONE, {"detail": "to a person"})
    assert desk.conversation.seq == seq + 1
    assert desk.conversation.state is ConversationState.ASSISTANT
    assert len(desk.rows(Turn)) == 1  # that of the greeting: there is nothing more to answer


@pytest.mark.sqlite_only
def test_the_same_notice_twice_is_one_line(desk):
    desk.take(text("سلام", NOON))
    taken = about(NOON + ONE, take_thread_control={"previous_owner_app_id": "1"})

    desk.take(taken, now=NOON + ONE)
    again = desk.take(taken, now=NOON + seconds(2))

    assert desk.outcomes(again) == [EventOutcome.DUPLICATE]
    assert len(lines(desk)) == 1


@pytest.mark.sqlite_only
def test_a_notice_without_a_conversation_stays_on_the_ledger(desk):
    webhook_id = desk.take(about(NOON, pass_thread_control={"new_owner_app_id": 123}))

    assert desk.outcomes(webhook_id) == [EventOutcome.IGNORED]
    assert desk.rows(Conversation) == []


@pytest.mark.sqlite_only
def test_an_ad_that_was_tapped_is_a_line_opens_the_window_and_is_a_fact_of_the_next_answer(desk):
    desk.take(text("سلام", NOON - seconds(30 * 3600)), now=NOON - seconds(30 * 3600))
    desk.answer(NOON - seconds(30 * 3600))

    desk.take(from_ad(NOON), now=NOON)
    asked = len(desk.model.calls)
    desk.take(text("چنده؟", NOON + ONE, mid="q"), now=NOON + ONE)
    desk.answer(NOON + ONE)

    (line,) = [one for one in desk.rows(Audit) if one.action == "referred"]
    assert line.details["ad_title"] == "حراج پاییزه"
    assert asked == 1
    assert "fact 2 ad>>>\nحراج پاییزه" in desk.model.prompts[-1]


def test_the_reply_window_is_open_after_the_tap(desk):
    desk.take(text("سلام", NOON - seconds(30 * 3600)), now=NOON - seconds(30 * 3600))

    desk.take(from_ad(NOON), now=NOON)

    assert desk.conversation.last_customer_message_at == NOON
    assert desk.conversation.unread_count == 1


@pytest.mark.sqlite_only
def test_an_older_link_does_not_take_the_place_of_a_newer_one(desk):
    desk.take(text("سلام", NOON), from_ad(NOON + seconds(2), title="تازه"), now=NOON + seconds(2))

    desk.take(from_ad(NOON + ONE, title="کهنه"), now=NOON + seconds(3))

    assert desk.conversation.referral["ad_title"] == "تازه"
    assert desk.conversation.last_customer_message_at == NOON + seconds(2)


@pytest.mark.sqlite_only
def test_the_title_of_an_ad_counts_for_a_day(desk):
    desk.take(from_ad(NOON - seconds(25 * 3600)), now=NOON - seconds(25 * 3600))

    desk.take(text("چنده؟", NOON), now=NOON)
    desk.answer(NOON)

    assert "حراج پاییزه" not in desk.model.prompts[-1]
