"""One look at everything an account needs; each trouble has its own finding."""

from datetime import timedelta

import pytest
from fakes import serve_one
from meta import ACCOUNT, RETURN
from rows import NOON

from pilito.conversations.check_inbox import CheckState, check_inbox
from pilito.conversations.connect import connect, connect_by_code, connect_by_token
from pilito.conversations.disconnect import disconnect
from pilito.database import transaction
from pilito.errors import Refused
from pilito.factory import bind_services
from pilito.lifecycle import AssistantMode
from pilito.models import Inbox, db


class Public:
    """What stands at PUBLIC_URL."""

    def __init__(self, said=b"1158201444", status=200):
        self.said, self.status, self.asked = said, status, []

    def look_up(self, path):
        self.asked.append(path)
        return self.status, self.said


@pytest.fixture
def public():
    return Public()


@pytest.fixture
def app(meta, make_settings, make_app, public):
    with serve_one(public) as url:
        yield make_app(make_settings(public_url=url, **meta.settings))


@pytest.fixture
def inbox(meta, app):
    inbox_id = connect_by_code("instagram", meta.code(), RETURN, None, NOON)
    with transaction():
        db.session.get_one(Inbox, inbox_id).last_webhook_at = NOON
    return inbox_id


def found(inbox_id, now=NOON):
    return {check.name: (check.state.value, check.reason) for check in check_inbox(inbox_id, now)}


@pytest.mark.sqlite_only
def test_an_account_that_works_is_green_but_for_the_address_without_https(inbox, public):
    assert found(inbox) == {
        "token": ("ok", "alive"),
        "account": ("ok", "same_account"),
        "scopes": ("ok", "scopes_given"),
        "life": ("ok", "lasts"),
        "access": ("ok", "access_given"),
        "subscription": ("ok", "subscribed"),
        "address": ("warn", "address_without_https"),
        "webhook": ("ok", "heard"),
    }
    assert public.asked[0].startswith("/webhooks/instagram?hub.mode=subscribe&hub.verify_token=")


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("script", "reason"), [({"revoke": True}, "app_removed"), ({"expire_tokens": True}, "token_expired")]
)
def test_a_dead_token_is_the_one_thing_to_say(meta, inbox, script, reason):
    meta.script(**script)

    looks = found(inbox)

    assert looks["token"] == ("fail", reason)
    assert set(looks) == {"token", "address", "webhook"}


@pytest.mark.sqlite_only
def test_a_lost_subscription_is_named(meta, inbox):
    meta.script(drop_subscription=True)

    (look,) = [check for check in check_inbox(inbox, NOON) if check.name == "subscription"]

    assert (look.state, look.reason) == (CheckState.FAIL, "subscription_missing")
    assert {"messages", "messaging_postbacks"} <= set(look.details)


@pytest.mark.sqlite_only
def test_a_token_of_another_account_is_named(meta, app):
    inbox_id = connect("instagram", "Shop", "17849999999999999", meta.token(), {}, AssistantMode.AUTO, NOON)

    assert found(inbox_id)["account"] == ("fail", "another_account")


@pytest.mark.sqlite_only
def test_a_token_that_ends_soon_is_a_warning(inbox):
    assert found(inbox, NOON + timedelta(days=55))["life"] == ("warn", "ending")


@pytest.mark.sqlite_only
def test_a_pages_token_has_no_end_and_unknown_scopes(meta, app):
    looks = found(connect_by_token("instagram", meta.page_token, None, NOON))

    assert looks["life"] == ("ok", "no_end")
    assert looks["scopes"] == ("warn", "scopes_unknown")
    assert looks["webhook"] == ("warn", "never_heard")


def test_a_disconnected_account_says_so(inbox):
    disconnect(inbox, None, NOON)

    assert found(inbox)["token"] == ("fail", "disconnected")


@pytest.mark.sqlite_only
def test_silence_is_a_warning(inbox):
    assert found(inbox, NOON + timedelta(days=4))["webhook"] == ("warn", "silent")


@pytest.mark.sqlite_only
@pytest.mark.parametrize(("said", "status"), [(b"a page of another server", 200), (b"1158201444", 403), (b"", 302)])
def test_an_address_that_answers_otherwise_is_told(inbox, public, said, status):
    public.said, public.status = said, status

    assert found(inbox)["address"] == ("fail", "address_answers_otherwise")


@pytest.mark.sqlite_only
def test_an_address_that_nobody_answers_is_told(meta, app, make_settings):
    bind_services(app, make_settings(public_url="http://127.0.0.1:9", **meta.settings))
    inbox_id = connect_by_code("instagram", meta.code(), RETURN, None, NOON)

    assert found(inbox_id)["address"] == ("fail", "address_unreachable")


@pytest.mark.sqlite_only
def test_an_account_whose_messages_are_closed_is_told(inbox, monkeypatch):
    from pilito.channels.instagram.connector import InstagramConnector
    from pilito.errors import ChannelError, Remedy

    def refuse(*_args):
        raise ChannelError(Remedy.STOP_INBOX, "message_access_off")

    monkeypatch.setattr(InstagramConnector, "try_reading", refuse)

    assert found(inbox)["access"] == ("fail", "message_access_off")


@pytest.mark.sqlite_only
def test_no_inbox_is_refused(app):
    with pytest.raises(Refused):
        check_inbox(7, NOON)


@pytest.mark.sqlite_only
def test_the_account_id_of_the_fake_is_the_one_of_its_webhooks(inbox):
    assert db.session.get_one(Inbox, inbox).external_id == ACCOUNT


def test_comments_that_are_switched_on_need_their_own_permission(inbox, meta):
    with transaction():
        row = db.session.get_one(Inbox, inbox)
        row.options = {**row.options, "comments": "on"}

    assert found(inbox)["comments"] == ("fail", "comment_scopes_missing")
    with transaction():
        row = db.session.get_one(Inbox, inbox)
        row.scopes = [*row.scopes, "instagram_business_manage_comments"]
    assert found(inbox)["comments"] == ("ok", "comment_scopes_given")


@pytest.mark.sqlite_only
def test_without_comments_nothing_is_said_of_them(inbox):
    assert "comments" not in found(inbox)
