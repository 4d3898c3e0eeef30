"""A subscription that is gone is found within ten minutes and asked for again."""

from datetime import timedelta

import pytest
from meta import ACCOUNT
from rows import NOON

from pilito.conversations.connect import connect
from pilito.conversations.disconnect import disconnect
from pilito.conversations.subscriptions import heal_due
from pilito.lifecycle import AssistantMode, InboxState
from pilito.models import Audit, Inbox, db

TEN = timedelta(minutes=10)


@pytest.fixture
def inbox(meta, meta_app):
    inbox_id = connect("instagram", "Shop", ACCOUNT, meta.token(), {}, AssistantMode.AUTO, NOON)
    heal_due(NOON)
    return inbox_id


def row(inbox_id):
    db.session.rollback()
    return db.session.get_one(Inbox, inbox_id, populate_existing=True)


@pytest.mark.sqlite_only
def test_a_whole_subscription_is_read_and_left_alone(inbox):
    assert "messages" in row(inbox).subscribed_fields
    assert heal_due(NOON + TEN) == 0
    assert row(inbox).subscription_checked_at == NOON + TEN
    assert [audit.action for audit in Audit.query] == ["inbox_connected"]


@pytest.mark.parametrize("lost", [{"drop_subscription": True}, {"drop_fields": ["messages"]}])
def test_c21_what_is_lost_is_had_again_within_ten_minutes(meta, inbox, lost):
    meta.script(**lost)

    assert heal_due(NOON + TEN) == 1

    assert meta.access.is_subscribed("messages")
    assert row(inbox).subscription_error is None
    assert [audit.action for audit in Audit.query.order_by(Audit.id)][-1] == "inbox_subscribed"


def test_it_is_not_asked_more_often_than_every_ten_minutes(meta, inbox):
    meta.script(drop_subscription=True)

    assert heal_due(NOON + TEN - timedelta(seconds=1)) == 0
    assert not meta.access.is_subscribed("messages")


def test_two_schedulers_look_once(meta, inbox):
    meta.script(drop_subscription=True)

    assert heal_due(NOON + TEN) + heal_due(NOON + TEN) == 1


def test_what_cannot_be_had_again_is_kept_as_the_inboxs_problem(meta, inbox):
    meta.script(drop_subscription=True, unknown_fields=["messages"])

    assert heal_due(NOON + TEN) == 0

    assert row(inbox).subscription_error == "bad_request"
    assert row(inbox).state is InboxState.ACTIVE
    meta.script(unknown_fields=[])
    assert heal_due(NOON + 2 * TEN) == 1
    assert row(inbox).subscription_error is None


@pytest.mark.sqlite_only
def test_a_dead_token_stops_the_inbox_and_a_stopped_one_is_not_asked_about(meta, inbox):
    meta.script(expire_tokens=True)

    heal_due(NOON + TEN)

    assert (row(inbox).state, row(inbox).stop_reason) == (InboxState.STOPPED, "token_expired")
    heal_due(NOON + 2 * TEN)
    assert row(inbox).subscription_checked_at == NOON + TEN


def test_what_never_comes_is_asked_for_again_and_again_and_told_once(meta, inbox, monkeypatch):
    """The provider takes the request, and posts nothing for it."""
    meta.script(drop_fields=["messages"])
    really = meta.access.subscribe
    monkeypatch.setattr(meta.access, "subscribe", lambda names: really(tuple(set(names) - {"messages"})))

    for number in range(1, 4):
        assert heal_due(NOON + number * TEN) == 0

    assert row(inbox).subscription_error == "subscription_missing"
    assert [audit.action for audit in Audit.query].count("inbox_subscribed") == 1
    monkeypatch.undo()
    assert heal_due(NOON + 4 * TEN) == 1
    assert [audit.action for audit in Audit.query].count("inbox_subscribed") == 2


def test_an_account_that_is_disconnected_while_it_is_looked_at_is_not_subscribed_again(
    meta, meta_app, inbox, monkeypatch
):
    meta.script(drop_fields=["messages"])
    really = meta.access.subscribe

    def disconnect_first(names):
        if not left:
            left.append(True)
            with meta_app.app_context():
                disconnect(inbox, None, NOON + TEN)
        return really(names)

    left = []
    monkeypatch.setattr(meta.access, "subscribe", disconnect_first)

    heal_due(NOON + TEN)

    assert (left, meta.access.fields) == ([True], ())
    assert row(inbox).subscribed_fields is None


@pytest.mark.sqlite_only
def test_a_disconnected_account_is_left_and_its_token_forgotten(meta, inbox):
    disconnect(inbox, None, NOON)

    stopped = row(inbox)
    assert not meta.access.fields
    assert (stopped.state, stopped.stop_reason, stopped.token_encrypted) == (InboxState.STOPPED, "disconnected", b"")


@pytest.mark.sqlite_only
def test_one_that_cannot_be_reached_is_disconnected_all_the_same(meta, inbox):
    meta.script(revoke=True)

    disconnect(inbox, None, NOON)

    assert row(inbox).token_encrypted == b""
