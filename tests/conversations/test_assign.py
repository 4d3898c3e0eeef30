"""Who holds a conversation: given to somebody, to nobody, opened again, made unread."""

import pytest
from desk import Desk
from rows import NOON, add_operator
from shop import seconds, text

from pilito.conversations.assign import assign, assign_nobody
from pilito.conversations.block import block
from pilito.conversations.close import close
from pilito.conversations.mark_unread import mark_unread
from pilito.conversations.read import mark_read
from pilito.conversations.reopen import reopen
from pilito.conversations.seen import Seen
from pilito.conversations.snooze import snooze
from pilito.conversations.take_over import take_over
from pilito.conversations.undo import undo
from pilito.database import transaction
from pilito.errors import Refused
from pilito.lifecycle import ConversationState, NotificationKind, Role, TurnState
from pilito.models import Audit, Notification, Operator, db
from pilito.queries.panel import Zone, zone_of

LATER = NOON + seconds(60)


@pytest.fixture
def desk(shop):
    """A customer has asked; Sara and Ali are there."""
    desk = Desk(shop)
    desk.take(text("چنده؟", NOON, mid="question"))
    with transaction():
        desk.sara, desk.ali = add_operator(Role.AGENT).id, add_operator(Role.AGENT).id
    return desk


def actions(desk):
    return [audit.action for audit in desk.rows(Audit, conversation_id=desk.conversation.id)]


def test_whoever_it_is_given_to_holds_it_and_is_told_while_the_assistant_stops(desk):
    desk.call(assign, desk.conversation.id, desk.ali, desk.sara, LATER)

    assert (desk.conversation.state, desk.conversation.operator_id) == (ConversationState.OPERATOR, desk.ali)
    assert desk.turn.state is TurnState.DROPPED
    assert [(one.operator_id, one.kind, one.by_id) for one in desk.rows(Notification)] == [
        (desk.ali, NotificationKind.ASSIGNED, desk.sara)
    ]
    assert actions(desk) == ["assigned"]
    assert desk.rows(Audit, action="assigned")[0].details == {"to": desk.ali}


@pytest.mark.sqlite_only
def test_given_to_the_same_person_again_nothing_happens(desk):
    desk.call(assign, desk.conversation.id, desk.ali, desk.sara, LATER)
    seq = desk.conversation.seq

    desk.call(assign, desk.conversation.id, desk.ali, desk.sara, LATER)

    assert desk.conversation.seq == seq
    assert actions(desk) == ["assigned"]


@pytest.mark.sqlite_only
def test_taking_it_oneself_tells_nobody(desk):
    desk.call(assign, desk.conversation.id, desk.sara, desk.sara, LATER)

    assert desk.rows(Notification) == []


@pytest.mark.sqlite_only
def test_given_to_nobody_it_needs_a_person(desk):
    desk.call(assign_nobody, desk.conversation.id, desk.sara, LATER)

    assert (desk.conversation.state, desk.conversation.operator_id) == (ConversationState.HANDED_OVER, None)
    assert zone_of(desk.conversation, LATER) is Zone.NEEDS_YOU
    assert desk.turn.state is TurnState.DROPPED


@pytest.mark.sqlite_only
@pytest.mark.parametrize("values", [{"active": False}, {"role": Role.VIEWER}])
def test_it_is_given_to_nobody_who_may_not_answer(desk, values):
    with transaction():
        for name, value in values.items():
            setattr(db.session.get_one(Operator, desk.ali), name, value)

    with pytest.raises(Refused) as refused:
        desk.call(assign, desk.conversation.id, desk.ali, desk.sara, LATER)

    assert refused.value.reason == "assignee_unknown"
    assert desk.conversation.state is ConversationState.ASSISTANT


@pytest.mark.sqlite_only
def test_a_closed_conversation_is_opened_again_by_a_person(desk):
    desk.call(close, desk.conversation.id, desk.sara, LATER)

    desk.call(reopen, desk.conversation.id, desk.ali, LATER)
    desk.call(reopen, desk.conversation.id, desk.sara, LATER)

    assert (desk.conversation.state, desk.conversation.operator_id) == (ConversationState.OPERATOR, desk.ali)
    assert actions(desk) == ["closed", "reopened"]


def test_a_close_taken_back_leaves_everything_as_it_was(desk):
    desk.call(assign, desk.conversation.id, desk.ali, desk.sara, LATER)
    done = desk.call(close, desk.conversation.id, desk.sara, LATER)
    assert zone_of(desk.conversation, LATER) is Zone.DONE

    desk.call(undo, done, desk.sara, LATER)

    assert (desk.conversation.state, desk.conversation.operator_id) == (ConversationState.OPERATOR, desk.ali)
    assert (desk.conversation.unanswered_since, desk.conversation.unread_count) == (NOON, 1)
    assert zone_of(desk.conversation, LATER) is Zone.NEEDS_YOU


@pytest.mark.sqlite_only
def test_so_does_one_whose_reason_only_a_newer_version_knows(desk):
    done = desk.call(close, desk.conversation.id, desk.sara, LATER)
    with transaction():
        row = db.session.get_one(Audit, done)
        before = {**row.details["before"], "state": "handed_over", "reason": "of_tomorrow"}
        details = {**row.details, "before": before}
        newer = Audit(
            at=LATER, action="closed", operator_id=desk.sara, conversation_id=row.conversation_id, details=details
        )
        db.session.add(newer)
        db.session.flush()
        done = newer.id

    desk.call(undo, done, desk.sara, LATER)

    assert (desk.conversation.state, desk.conversation.hand_over_reason) == (ConversationState.HANDED_OVER, None)
    assert zone_of(desk.conversation, LATER) is Zone.NEEDS_YOU


@pytest.mark.sqlite_only
@pytest.mark.parametrize(("who", "minutes"), [("ali", 0), ("sara", 11)])
def test_nobody_takes_back_anothers_deed_or_an_old_one(desk, who, minutes):
    done = desk.call(close, desk.conversation.id, desk.sara, LATER)

    with pytest.raises(Refused) as refused:
        desk.call(undo, done, getattr(desk, who), LATER + seconds(60 * minutes))

    assert refused.value.reason == "undo_late"


@pytest.mark.sqlite_only
def test_a_close_is_not_taken_back_once_it_was_opened_and_closed_anew(desk):
    done = desk.call(close, desk.conversation.id, desk.sara, LATER)
    desk.call(reopen, desk.conversation.id, desk.ali, LATER)
    desk.call(close, desk.conversation.id, desk.ali, LATER)

    with pytest.raises(Refused) as refused:
        desk.call(undo, done, desk.sara, LATER)

    assert refused.value.reason == "moved_on"


@pytest.mark.sqlite_only
def test_who_looked_before_somebody_took_it_does_not_close_it(desk):
    seen = Seen.of(desk.conversation)
    desk.call(take_over, desk.conversation.id, desk.ali, LATER)

    with pytest.raises(Refused) as refused:
        desk.call(close, desk.conversation.id, desk.sara, LATER, seen)

    assert refused.value.reason == "moved_on"


@pytest.mark.sqlite_only
def test_unread_by_hand_is_unread_until_somebody_looks(desk):
    desk.call(mark_read, desk.conversation.id, LATER)

    desk.call(mark_unread, desk.conversation.id, LATER)
    desk.call(mark_unread, desk.conversation.id, LATER)
    assert desk.conversation.unread_count == 1
    desk.call(mark_read, desk.conversation.id, LATER)

    assert desk.conversation.unread_count == 0


@pytest.mark.sqlite_only
@pytest.mark.parametrize("text", ["", "1", "1.2", "1.2.x", "1.2.3.4", "1.2.-3", "9" * 19 + ".1.1", "۱.۲.۳"])
def test_a_stamp_of_somebodys_making_is_refused(text):
    with pytest.raises(ValueError, match=r"seq\.epoch\.holder"):
        Seen.read(text)


def test_a_stamp_reads_what_it_wrote():
    assert Seen.read(str(Seen(93, 4, 0))) == Seen(93, 4, 0)


@pytest.mark.sqlite_only
def test_nothing_opens_the_conversation_of_somebody_who_is_blocked(desk):
    number, tomorrow = desk.conversation.id, LATER + seconds(86400)
    done = desk.call(close, number, desk.sara, LATER)
    desk.call(block, number, desk.sara, LATER)

    for verb, args in (
        (assign, (number, desk.ali, desk.sara, LATER)),
        (assign_nobody, (number, desk.sara, LATER)),
        (reopen, (number, desk.sara, LATER)),
        (snooze, (number, desk.sara, tomorrow, LATER)),
        (undo, (done, desk.sara, LATER)),
    ):
        with pytest.raises(Refused) as refused:
            desk.call(verb, *args)
        assert refused.value.reason == "blocked"
    desk.call(mark_unread, number, LATER)

    assert (desk.conversation.state, desk.conversation.unread_count) == (ConversationState.CLOSED, 0)
