"""Reactions: before their message, on ours and theirs, taken off, late, twice, by the shop."""

import pytest
from desk import Desk
from rows import NOON
from shop import CUSTOMER, reaction, seconds, text, unsent

from pilito.lifecycle import EventOutcome
from pilito.models import Event, Message, Reaction
from pilito.queries.reactions import of_messages

ONE, TWO = seconds(1), seconds(2)


@pytest.fixture
def desk(make_shop):
    return Desk(make_shop())


def emojis(desk, message):
    """The emojis that stand on a message, with who put them there."""
    found = of_messages(desk.conversation, [message.id]).get(message.id, [])
    return [(one.emoji, "shop" if one.by_shop else "customer") for one in found]


@pytest.mark.sqlite_only
def test_a_reaction_stands_on_its_message_and_asks_nothing(desk):
    desk.take(text("سلام", NOON, mid="m"))
    desk.answer()
    seq = desk.conversation.seq

    webhook_id = desk.take(reaction("m", NOON + ONE), now=NOON + ONE)

    assert desk.outcomes(webhook_id) == [EventOutcome.STORED]
    assert emojis(desk, desk.message("m")) == [("❤️", "customer")]
    assert desk.message("m").seq == desk.conversation.seq == seq + 1
    assert len(desk.model.calls) == 1
    assert desk.conversation.unread_count == 1
    assert desk.conversation.last_customer_message_at == NOON


def test_a_reaction_to_a_reply_of_ours_stands_on_the_reply(desk):
    desk.take(text("سلام", NOON))
    desk.answer()
    desk.deliver()
    (sent,) = desk.deliveries

    desk.take(reaction(sent.external_id, NOON + ONE), now=NOON + ONE)

    assert emojis(desk, desk.replies[0]) == [("❤️", "customer")]


@pytest.mark.sqlite_only
def test_a_reaction_that_comes_before_its_message_is_there_when_it_comes(desk):
    desk.take(reaction("m", NOON + ONE), now=NOON + ONE)
    assert desk.rows(Message) == []
    assert desk.conversation.last_message_at is None

    desk.take(text("سلام", NOON, mid="m"), now=NOON + TWO)

    assert emojis(desk, desk.message("m")) == [("❤️", "customer")]


@pytest.mark.sqlite_only
def test_a_reaction_taken_off_is_gone_and_an_older_event_does_not_bring_it_back(desk):
    desk.take(text("سلام", NOON, mid="m"))
    desk.take(reaction("m", NOON + TWO, action="unreact"), now=NOON + TWO)

    late = desk.take(reaction("m", NOON + ONE), now=NOON + seconds(3))

    assert emojis(desk, desk.message("m")) == []
    assert desk.outcomes(late) == [EventOutcome.DUPLICATE]


@pytest.mark.sqlite_only
def test_another_emoji_takes_the_place_of_the_first_and_the_same_twice_is_one(desk):
    desk.take(text("سلام", NOON, mid="m"))
    for emoji in ("❤️", "😂", "😂"):
        desk.take(reaction("m", NOON + ONE, emoji=emoji), now=NOON + ONE)

    assert emojis(desk, desk.message("m")) == [("😂", "customer")]
    assert desk.rows(Event)[-1].outcome is EventOutcome.DUPLICATE


@pytest.mark.sqlite_only
def test_react_and_unreact_of_the_same_instant_end_without_one(desk):
    desk.take(text("سلام", NOON, mid="m"), reaction("m", NOON), reaction("m", NOON, action="unreact"))

    assert emojis(desk, desk.message("m")) == []


@pytest.mark.sqlite_only
def test_the_shop_and_the_customer_each_have_a_reaction_of_their_own(desk):
    desk.take(text("سلام", NOON, mid="m"))

    desk.take(reaction("m", NOON + ONE), reaction("m", NOON + TWO, emoji="🙏", by_shop=True), now=NOON + TWO)

    assert emojis(desk, desk.message("m")) == [("❤️", "customer"), ("🙏", "shop")]
    assert desk.conversation.operator_id is None
    assert desk.turn.state == "open"


@pytest.mark.sqlite_only
def test_nobody_reacts_to_a_message_of_another_conversation(desk):
    desk.take(text("سلام", NOON, mid="m"))

    webhook_id = desk.take(reaction("m", NOON + ONE, customer=f"{CUSTOMER}9"), now=NOON + ONE)

    assert desk.outcomes(webhook_id) == [EventOutcome.IGNORED]
    assert desk.rows(Reaction) == []


@pytest.mark.sqlite_only
def test_a_message_that_was_taken_back_has_no_reactions_any_more(desk):
    desk.take(text("سلام", NOON, mid="m"), reaction("m", NOON + ONE), now=NOON + ONE)

    desk.take(unsent("m", NOON + TWO), reaction("m", NOON + seconds(3)), now=NOON + seconds(3))

    assert desk.rows(Reaction) == []
