"""A token is renewed ten days before its end, daily after a failure, and its owner is told seven days before."""

from datetime import timedelta

import pytest
from meta import ACCOUNT
from rows import NOON

from pilito.conversations.account import open_account
from pilito.conversations.connect import connect, connect_by_token
from pilito.conversations.tokens import days_left, is_ending, renew_due, renew_now
from pilito.database import transaction
from pilito.errors import Refused
from pilito.lifecycle import AssistantMode, InboxState
from pilito.models import Audit, Inbox, db

DAY = timedelta(days=1)


@pytest.fixture
def inbox(meta, meta_app):
    """An account whose token ends sixty days after noon."""
    inbox_id = connect("instagram", "Shop", ACCOUNT, meta.token(), {"login": "instagram"}, AssistantMode.AUTO, NOON)
    with transaction():
        db.session.get_one(Inbox, inbox_id).token_expires_at = NOON + 60 * DAY
    return inbox_id


def row(inbox_id):
    db.session.rollback()
    return db.session.get_one(Inbox, inbox_id, populate_existing=True)


def test_c15_a_token_is_renewed_on_the_fiftieth_day(inbox):
    old = row(inbox).token_encrypted

    assert renew_due(NOON + 50 * DAY) == 1

    renewed = row(inbox)
    assert renewed.token_encrypted != old
    assert renewed.token_expires_at == NOON + 110 * DAY
    assert renewed.token_refreshed_at == NOON + 50 * DAY
    assert [audit.action for audit in Audit.query] == ["inbox_connected", "token_renewed"]


def test_a_day_earlier_it_is_left_alone(inbox):
    assert renew_due(NOON + 49 * DAY) == 0
    assert row(inbox).token_refreshed_at is None


def test_after_a_failure_it_is_tried_again_a_day_later_and_not_before(meta, inbox):
    meta.script(refuse_refresh=True)
    assert renew_due(NOON + 50 * DAY) == 0
    assert row(inbox).token_error == "outcome_unknown"
    assert row(inbox).state is InboxState.ACTIVE

    meta.script(refuse_refresh=False)
    assert renew_due(NOON + 50 * DAY + timedelta(hours=23)) == 0
    assert renew_due(NOON + 51 * DAY) == 1
    assert row(inbox).token_error is None


def test_two_schedulers_renew_once(meta, inbox):
    assert renew_due(NOON + 50 * DAY) + renew_due(NOON + 50 * DAY) == 1


@pytest.mark.sqlite_only
def test_a_dead_token_stops_the_inbox_with_its_reason(meta, inbox):
    meta.script(revoke=True)

    renew_due(NOON + 50 * DAY)

    stopped = row(inbox)
    assert (stopped.state, stopped.stop_reason) == (InboxState.STOPPED, "app_removed")
    assert renew_due(NOON + 52 * DAY) == 0


def test_a_token_that_came_meanwhile_is_not_overwritten(meta, inbox, monkeypatch):
    """Somebody connects again while the old token is being renewed."""
    from pilito.channels.instagram.connector import InstagramConnector

    real = InstagramConnector.renew

    def renew(self, account, now):
        token = real(self, account, now)
        connect("instagram", "Shop", ACCOUNT, "the newer token", {}, AssistantMode.AUTO, now)
        return token

    monkeypatch.setattr(InstagramConnector, "renew", renew)
    renew_due(NOON + 50 * DAY)

    assert open_account(row(inbox)).token == "the newer token"


def test_an_end_that_nobody_told_is_asked_after_a_day(meta, meta_app):
    inbox_id = connect("instagram", "Shop", ACCOUNT, meta.token(), {}, AssistantMode.AUTO, NOON)
    assert days_left(row(inbox_id), NOON) is None

    assert renew_due(NOON + timedelta(hours=23)) == 0
    assert renew_due(NOON + DAY) == 1

    assert days_left(row(inbox_id), NOON + DAY) == 60


@pytest.mark.sqlite_only
def test_a_pages_token_does_not_end_and_is_never_renewed(meta, meta_app):
    inbox_id = connect_by_token("instagram", meta.page_token, None, NOON)

    assert renew_due(NOON + 500 * DAY) == 0
    assert not is_ending(row(inbox_id), NOON + 500 * DAY)
    with pytest.raises(Refused, match="token_has_no_end"):
        renew_now(inbox_id, NOON)


@pytest.mark.parametrize(("left", "ending"), [(timedelta(days=7), True), (timedelta(days=7, seconds=1), False)])
def test_a_connection_is_ending_seven_days_before(inbox, left, ending):
    assert is_ending(row(inbox), NOON + 60 * DAY - left) is ending


@pytest.mark.parametrize(("passed", "left"), [(0, 60), (59.5, 0), (61, 0), (53, 7)])
def test_the_days_that_are_left_are_whole_ones(inbox, passed, left):
    assert days_left(row(inbox), NOON + passed * DAY) == left


def test_what_breaks_off_at_one_costs_no_other_its_day(meta, inbox, monkeypatch):
    """An error that is none of the provider's, at the first of two; ten minutes later the clock looks again."""
    from pilito.channels.instagram.connector import InstagramConnector

    options = {"login": "instagram"}
    connect("instagram", "Other", "17841400000000009", meta.token(), options, AssistantMode.AUTO, NOON)
    with transaction():
        for one in db.session.scalars(db.select(Inbox)):
            one.token_expires_at, one.token_checked_at = NOON + 60 * DAY, None
    renew = InstagramConnector.renew

    def break_off(self, account, now):
        if account.external_id == ACCOUNT:
            raise RuntimeError
        return renew(self, account, now)

    monkeypatch.setattr(InstagramConnector, "renew", break_off)
    with pytest.raises(RuntimeError):
        renew_due(NOON + 50 * DAY)

    assert renew_due(NOON + 50 * DAY + timedelta(minutes=10)) == 1
