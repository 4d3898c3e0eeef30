"""An account is connected, and connected again: the same inbox, with everything that was in it."""

import pytest
from desk import Desk
from meta import ACCOUNT, RETURN, SCOPED_ID, USERNAME
from rows import NOON
from shop import seconds, text

from pilito.conversations.account import open_account
from pilito.conversations.connect import connect, connect_by_code, connect_by_token
from pilito.conversations.sweep import sweep
from pilito.errors import ChannelError, Refused
from pilito.lifecycle import AssistantMode, DeliveryState, InboxState
from pilito.models import Audit, Inbox, db


def only_inbox():
    db.session.rollback()
    return db.session.scalars(db.select(Inbox).execution_options(populate_existing=True)).one()


def actions():
    return [row.action for row in db.session.scalars(db.select(Audit).order_by(Audit.id))]


@pytest.mark.sqlite_only
def test_a_log_in_makes_an_inbox_that_is_subscribed(meta, meta_app):
    meta.script(drop_subscription=True)

    connect_by_code("instagram", meta.code(), RETURN, None, NOON)

    inbox = only_inbox()
    assert (inbox.external_id, inbox.app_user_id, inbox.username) == (ACCOUNT, SCOPED_ID, USERNAME)
    assert inbox.name == "گالری نیلوفر"
    assert "messages" in inbox.subscribed_fields
    assert "messages" in meta.access.fields
    assert (inbox.token_expires_at - NOON).days == 60
    assert actions() == ["inbox_connected", "inbox_subscribed"]


def test_the_token_is_encrypted_and_shown_nowhere(meta, meta_app, caplog):
    connect_by_token("instagram", meta.page_token, None, NOON)

    inbox = only_inbox()
    assert meta.page_token.encode() not in inbox.token_encrypted
    assert open_account(inbox).token == meta.page_token
    assert meta.page_token not in caplog.text
    assert meta.page_token not in str([row.details for row in db.session.scalars(db.select(Audit))])


def test_connecting_again_keeps_the_inbox_its_name_and_who_answers(meta, meta_app):
    inbox_id = connect("instagram", "My own name", ACCOUNT, meta.token(), {}, AssistantMode.OFF, NOON)

    again = connect_by_code("instagram", meta.code(), RETURN, None, NOON + seconds(60))

    inbox = only_inbox()
    assert again == inbox_id
    assert (inbox.name, inbox.assistant_mode) == ("My own name", AssistantMode.OFF)
    assert inbox.connected_at == NOON + seconds(60)


def test_a_stopped_inbox_goes_on_where_it_stopped(shop, graph):
    """The reply that waited while the token was dead is sent after the new log-in, once."""
    desk = Desk(shop)
    desk.take(text("سلام", NOON, mid="m1"))
    desk.answer(NOON)
    graph.script.append((401, {"error": {"message": "expired", "code": 190, "error_subcode": 463}}))
    desk.deliver(NOON)
    assert only_inbox().state is InboxState.STOPPED
    conversation_id = shop.conversation.id

    connect("instagram", "گالری نیلوفر", ACCOUNT, "a-newer-token", {}, AssistantMode.AUTO, NOON + seconds(60))
    assert sweep(NOON + seconds(60))["deliveries"] == 1
    desk.deliver(NOON + seconds(60))

    assert only_inbox().state is InboxState.ACTIVE
    assert shop.conversation.id == conversation_id
    assert [delivery.state for delivery in desk.deliveries] == [DeliveryState.SENT]
    assert len(graph.sent) == 1


def test_a_subscription_that_fails_does_not_lose_the_connection(meta, meta_app):
    # Even the names that are needed are refused: the account is kept, and its problem with it.
    meta.script(unknown_fields=["messages"])

    connect_by_code("instagram", meta.code(), RETURN, None, NOON)

    inbox = only_inbox()
    assert inbox.state is InboxState.ACTIVE
    assert inbox.subscription_error == "bad_request"


def test_what_the_provider_refuses_stores_nothing(meta, meta_app):
    meta.script(missing_scopes=["instagram_business_manage_messages"])

    with pytest.raises(ChannelError) as refused:
        connect_by_code("instagram", meta.code(), RETURN, None, NOON)

    assert refused.value.reason == "scopes_missing"
    assert Inbox.query.count() == 0


def test_without_a_key_nothing_is_stored(meta, make_settings, make_app):
    make_app(make_settings(encryption_keys=[], **meta.settings))

    with pytest.raises(Refused) as refused:
        connect_by_token("instagram", meta.page_token, None, NOON)

    assert refused.value.reason == "no_keys"
    assert Inbox.query.count() == 0


def test_no_session_is_open_while_the_provider_is_asked(meta, meta_app, monkeypatch):
    from pilito.channels.instagram import client

    real, open_then = client._session, []
    monkeypatch.setattr(client, "_session", lambda pid: (open_then.append(db.session().in_transaction()), real(pid))[1])

    connect_by_code("instagram", meta.code(), RETURN, None, NOON)

    assert open_then
    assert not any(open_then)
