"""Owners and admins are told by mail when an account stops: one mail each for each occasion, and nobody else."""

from datetime import timedelta
from functools import partial

import pytest
from meta import ACCOUNT
from rows import NOON, add_operator

from pilito import mail
from pilito.conversations.connect import connect
from pilito.conversations.data_deletion import request_deletion
from pilito.conversations.disconnect import deauthorize, disconnect
from pilito.conversations.subscriptions import heal_due
from pilito.conversations.tokens import renew_due, warn_of_ends
from pilito.database import transaction
from pilito.lifecycle import AssistantMode, InboxState, Role
from pilito.models import Inbox, Mail, Operator, db

MINUTES, DAY = timedelta(minutes=1), timedelta(days=1)
TEN = 10 * MINUTES


@pytest.fixture
def app(meta, make_settings, make_app, mailbox):
    settings = {"smtp_url": f"smtp://{mailbox.url}", "mail_from": "inbox@shop.test"}
    return make_app(make_settings(**meta.settings, **settings, public_url="https://inbox.example.com"))


@pytest.fixture
def owner(app):
    return person(Role.OWNER)


def person(role, **values):
    with transaction():
        return add_operator(role, **{"language": "en", **values}).email


@pytest.fixture
def inbox(meta, owner):
    inbox_id = connect("instagram", "Shop", ACCOUNT, meta.token(), {"login": "instagram"}, AssistantMode.AUTO, NOON)
    heal_due(NOON)
    return inbox_id


def row(inbox_id):
    db.session.rollback()
    return db.session.get_one(Inbox, inbox_id, populate_existing=True)


def change(model, **values):
    with transaction():
        db.session.execute(db.update(model).values(**values))


def post(mailbox, now=NOON):
    """Send what is due, and return what came by now: address, subject and words of each."""
    for mail_id in db.session.scalars(db.select(Mail.id).order_by(Mail.id)).all():
        mail.send(mail_id, now)
    return [(one["To"], one["Subject"], one.get_body(("plain",)).get_content()) for one in mailbox.mails]


def stop_by_provider(meta, now=NOON + TEN):
    meta.script(expire_tokens=True)
    heal_due(now)


# --- it stops --------------------------------------------------------------------------------------------------------


@pytest.mark.sqlite_only
def test_owner_and_admins_get_one_mail_each_when_an_account_stops_and_nobody_else(meta, mailbox, owner, inbox):
    admin = person(Role.ADMIN)
    for role in (Role.AGENT, Role.VIEWER):
        person(role)
    person(Role.OWNER, active=False)
    person(Role.ADMIN, alert_mail=False)

    stop_by_provider(meta)
    heal_due(NOON + 2 * TEN)  # looks at nothing any more

    came = post(mailbox, NOON + TEN)
    assert row(inbox).state is InboxState.STOPPED
    assert [to for to, _, _ in came] == [owner, admin]
    assert {subject for _, subject, _ in came} == {"Pilito: Shop has stopped"}
    words = came[0][2].replace("\r\n", "\n")
    assert "Nothing can be sent from Shop any more." in words
    assert "The connection to the account was not renewed in time." in words
    assert "Nothing is lost" in words
    assert f"Connect it again here:\nhttps://inbox.example.com/inboxes#inbox-{inbox}\n" in words
    assert "https://inbox.example.com/settings/notifications" in words


@pytest.mark.sqlite_only
def test_connected_again_and_stopped_again_is_another_occasion(meta, mailbox, inbox):
    stop_by_provider(meta)
    connect("instagram", "Shop", ACCOUNT, meta.token(), {}, AssistantMode.AUTO, NOON + 2 * TEN)

    stop_by_provider(meta, NOON + 3 * TEN)

    assert len(post(mailbox, NOON + 3 * TEN)) == 2


@pytest.mark.sqlite_only
def test_each_is_told_in_their_language_and_after_their_quiet_hours(meta, mailbox, owner, inbox):
    change(Operator, language="fa", quiet_from="11:00", quiet_until="14:00", zone="UTC")

    stop_by_provider(meta)

    assert post(mailbox, NOON + TEN) == []
    [(_, subject, words)] = post(mailbox, NOON + timedelta(hours=2))
    assert "Shop" in subject
    assert "متوقف" in subject
    assert "چیزی از دست نمی‌رود" in words


@pytest.mark.sqlite_only
def test_permission_taken_back_at_the_provider_is_told_once(mailbox, inbox):
    change(Inbox, app_user_id="app-1")

    for _ in range(2):
        deauthorize("instagram", "app-1", None, NOON)

    assert [subject for _, subject, _ in post(mailbox)] == ["Pilito: Shop has stopped"]


@pytest.mark.sqlite_only
def test_a_wish_at_the_provider_to_be_erased_is_told_as_what_it_is(mailbox, inbox):
    change(Inbox, app_user_id="app-1")

    for _ in range(2):
        request_deletion("instagram", "app-1", NOON + TEN, NOON + TEN)

    [(_, subject, words)] = post(mailbox, NOON + TEN)
    assert subject == "Pilito: Shop is being erased"
    assert "asked Instagram to have its data deleted here" in words
    assert "Nothing is lost" not in words


@pytest.mark.sqlite_only
def test_what_a_person_disconnects_themselves_is_not_told(mailbox, inbox):
    disconnect(inbox, None, NOON)

    assert post(mailbox) == []


@pytest.mark.sqlite_only
def test_without_a_mail_server_an_account_stops_all_the_same(meta, inbox, monkeypatch):
    monkeypatch.setattr(mail, "is_set_up", lambda: False)

    stop_by_provider(meta)

    assert row(inbox).state is InboxState.STOPPED
    assert Mail.query.count() == 0


# --- it ends soon ----------------------------------------------------------------------------------------------------


def test_c15_the_owner_is_told_seven_days_before(meta, mailbox, owner, inbox):
    """The renewals of three days have failed. Ten minutes apart the clock looks, and tells once."""
    end = NOON + 60 * DAY
    change(Inbox, token_expires_at=end)
    meta.script(refuse_refresh=True)
    seven = end - 7 * DAY

    told = []
    for now in (seven - MINUTES, seven, seven + TEN, seven + DAY, end - DAY):
        renew_due(now)
        told.append(warn_of_ends(now))

    assert told == [0, 1, 0, 0, 0]
    [(to, subject, words)] = post(mailbox, seven)
    assert (to, subject) == (owner, "Pilito: the connection of Shop ends soon")
    assert "ends in 7 days" in words
    assert f"/inboxes#inbox-{inbox}" in words


@pytest.mark.sqlite_only
def test_the_end_of_the_next_connection_is_another_occasion(mailbox, inbox):
    change(Inbox, token_expires_at=NOON + DAY)
    assert warn_of_ends(NOON) == 1

    change(Inbox, token_expires_at=NOON + 61 * DAY)

    assert [warn_of_ends(NOON + 60 * DAY), warn_of_ends(NOON + 60 * DAY)] == [1, 0]
    assert ["ends in 1 day." in words for _, _, words in post(mailbox, NOON + 60 * DAY)] == [True, True]


@pytest.mark.sqlite_only
def test_what_was_renewed_in_time_is_not_told(mailbox, inbox):
    change(Inbox, token_expires_at=NOON + 5 * DAY, token_checked_at=None)  # a scheduler that stood still
    renew_due(NOON)

    assert warn_of_ends(NOON) == 0


@pytest.mark.sqlite_only
def test_without_a_mail_server_the_end_is_told_as_soon_as_there_is_one(inbox, monkeypatch):
    change(Inbox, token_expires_at=NOON + DAY)
    with monkeypatch.context() as patch:
        patch.setattr(mail, "is_set_up", lambda: False)
        assert warn_of_ends(NOON) == 0

    assert warn_of_ends(NOON) == 1


# --- nothing is heard ------------------------------------------------------------------------------------------------


@pytest.mark.sqlite_only
def test_messages_that_stayed_away_are_told_with_whether_they_come_again(meta, mailbox, inbox):
    meta.script(drop_subscription=True)

    assert heal_due(NOON + TEN) == 1

    [(_, subject, words)] = post(mailbox, NOON + TEN)
    assert subject == "Pilito: messages of Shop stayed away"
    assert "had stopped bringing the messages of Shop. It does again." in words


@pytest.mark.sqlite_only
def test_while_they_cannot_be_had_again_one_mail_is_enough(meta, mailbox, inbox):
    meta.script(drop_subscription=True, unknown_fields=["messages"])

    for number in (1, 2, 3):
        heal_due(NOON + number * TEN)

    [(_, _, words)] = post(mailbox, NOON + 3 * TEN)
    assert "Instagram has stopped bringing the messages of Shop." in words
    assert f"/inboxes#inbox-{inbox}" in words


@pytest.mark.sqlite_only
@pytest.mark.parametrize(("apart", "mails"), [(2 * TEN, 1), (DAY + 3 * TEN, 2)])
def test_a_loss_within_a_day_is_the_same_and_a_later_one_another(meta, mailbox, inbox, apart, mails):
    look = partial(meta.script, drop_subscription=True)
    look()
    heal_due(NOON + TEN)
    heal_due(NOON + apart)  # whole

    look()
    heal_due(NOON + apart + TEN)

    assert len(post(mailbox, NOON + apart + TEN)) == mails


@pytest.mark.sqlite_only
def test_what_was_never_posted_to_us_is_not_told_as_lost(meta, mailbox, owner):
    meta.script(drop_subscription=True)
    connect("instagram", "Shop", ACCOUNT, meta.token(), {}, AssistantMode.AUTO, NOON)

    heal_due(NOON + TEN)

    assert post(mailbox, NOON + TEN) == []
