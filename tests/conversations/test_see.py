"""What the customer has seen: forwards only, by the message that the provider names."""

import pytest
from desk import Desk
from rows import NOON
from shop import about, echo, seconds, seen, text

from pilito.lifecycle import EventOutcome
from pilito.models import Conversation
from pilito.queries.thread import newest_seen

ONE = seconds(1)


@pytest.fixture
def desk(make_shop):
    return Desk(make_shop())


def newest(desk):
    found = newest_seen(desk.conversation)
    return found.external_id if found else None


def test_a_reply_is_seen_and_one_that_left_later_is_not(desk):
    desk.take(
        text("سلام", NOON), echo("یک", NOON + ONE, "one"), echo("دو", NOON + seconds(4), "two"), now=NOON + seconds(4)
    )

    desk.take(seen("one", NOON + seconds(9)), now=NOON + seconds(9))

    assert newest(desk) == "one"
    assert desk.conversation.customer_seen_at == NOON + seconds(9)
    assert desk.message("one").seq == desk.conversation.seq


def test_seen_never_goes_back(desk):
    desk.take(
        text("سلام", NOON), echo("یک", NOON + ONE, "one"), echo("دو", NOON + seconds(4), "two"), now=NOON + seconds(4)
    )
    desk.take(seen("two", NOON + seconds(9)), now=NOON + seconds(9))

    late = desk.take(seen("one", NOON + seconds(10)), now=NOON + seconds(10))

    assert desk.outcomes(late) == [EventOutcome.DUPLICATE]
    assert newest(desk) == "two"


@pytest.mark.sqlite_only
def test_a_delivery_of_ours_is_seen_by_its_own_id_and_both_replies_are_shown_anew(desk):
    desk.take(text("سلام", NOON), echo("یک", NOON + ONE, "one"), seen("one", NOON + seconds(2)), now=NOON + seconds(2))
    desk.take(echo("دو", NOON + seconds(3), "two"), now=NOON + seconds(3))

    desk.take(seen("two", NOON + seconds(4)), now=NOON + seconds(4))

    assert newest(desk) == "two"
    assert desk.message("one").seq == desk.message("two").seq == desk.conversation.seq


@pytest.mark.sqlite_only
def test_a_time_alone_tells_it_as_well(desk):
    desk.take(text("سلام", NOON), echo("یک", NOON + ONE, "one"), now=NOON + ONE)
    watermark = int((NOON + seconds(5)).timestamp() * 1000)

    desk.take(about(NOON + seconds(9), read={"watermark": watermark}), now=NOON + seconds(9))

    assert newest(desk) == "one"
    assert desk.conversation.seen_until == NOON + seconds(5)


@pytest.mark.sqlite_only
def test_seen_by_a_customer_we_do_not_know_makes_no_conversation(desk):
    webhook_id = desk.take(seen("one", NOON))

    assert desk.outcomes(webhook_id) == [EventOutcome.IGNORED]
    assert desk.rows(Conversation) == []


@pytest.mark.sqlite_only
def test_seen_before_anything_of_ours_shows_nothing(desk):
    desk.take(text("سلام", NOON, mid="m"))

    desk.take(seen("m", NOON + ONE), now=NOON + ONE)

    assert newest(desk) is None
