"""Somebody who may not answer any more lets go of what they held."""

from datetime import timedelta

import pytest
from rows import NOON, add_conversation, add_operator

from pilito import failpoints
from pilito.conversations.release import release_lost
from pilito.conversations.take_over import take_over
from pilito.database import transaction
from pilito.lifecycle import ConversationState, Role
from pilito.models import Conversation, db

LATER = NOON + timedelta(minutes=5)


@pytest.fixture
def held(app):
    """Return a maker of conversations that a person holds; `active`: whether that person may log in."""

    def make(active=False, role=Role.AGENT, **values):
        with transaction():
            holder = add_operator(role, active=active)
            return add_conversation(state=ConversationState.OPERATOR, operator_id=holder.id, **values).id

    return make


def now_of(conversation_id):
    db.session.rollback()
    found = db.session.get(Conversation, conversation_id, populate_existing=True)
    return found.state, found.operator_id


def test_a_customer_who_waits_is_before_everybody(held):
    waiting = held(unanswered_since=NOON)

    assert release_lost(LATER) == 1
    assert now_of(waiting) == (ConversationState.HANDED_OVER, None)
    assert release_lost(LATER) == 0


def test_whoever_takes_it_in_that_moment_keeps_it(held):
    """As soon as the lock of the release is free."""
    waiting = held(unanswered_since=NOON)
    with transaction():
        sara = add_operator(Role.AGENT).id

    def take():
        failpoints.arm("")
        take_over(waiting, sara, LATER)

    failpoints.plant("conversations.release._release_after", take)

    release_lost(LATER)

    assert now_of(waiting) == (ConversationState.OPERATOR, sara)


def test_what_was_answered_stays_with_people_and_is_nobodys_in_particular(held):
    answered = held()

    assert release_lost(LATER) == 1
    assert now_of(answered) == (ConversationState.OPERATOR, None)


def test_what_was_put_off_comes_back_when_it_is_due(held):
    put_off = held(unanswered_since=NOON, snoozed_until=NOON + timedelta(days=1))

    assert release_lost(LATER) == 1
    assert now_of(put_off) == (ConversationState.OPERATOR, None)


@pytest.mark.sqlite_only
def test_so_is_one_of_whoever_was_made_viewer(held):
    waiting = held(active=True, role=Role.VIEWER, unanswered_since=NOON)

    assert release_lost(LATER) == 1
    assert now_of(waiting) == (ConversationState.HANDED_OVER, None)
    assert release_lost(LATER) == 0


@pytest.mark.sqlite_only
@pytest.mark.parametrize("role", [Role.AGENT, Role.ADMIN, Role.OWNER])
def test_whoever_is_there_keeps_theirs(held, role):
    waiting = held(active=True, role=role, unanswered_since=NOON)

    assert release_lost(LATER) == 0
    assert now_of(waiting)[0] is ConversationState.OPERATOR
