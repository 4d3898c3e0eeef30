"""A person's wish to be deleted stops their account at once, and is worked off by a job that may be stopped."""

from datetime import timedelta

import pytest
from rows import NOON, add_conversation, add_inbox, add_media, add_message
from shop import seconds

from pilito.conversations import data_deletion
from pilito.conversations.connect import connect
from pilito.conversations.data_deletion import find_deletion, request_deletion, settle_deletion, work_off
from pilito.conversations.disconnect import deauthorize
from pilito.database import transaction
from pilito.errors import MediaError, Refused
from pilito.extensions import media_store
from pilito.lifecycle import AssistantMode, DeletionState, InboxState, MediaKind
from pilito.models import Audit, Customer, DataDeletion, Inbox, MediaFile, Message, db

USER = "27841400000000001"
SOON = NOON + seconds(10)


@pytest.fixture
def inbox(app):
    with transaction():
        inbox = add_inbox(app_user_id=USER, token_encrypted=b"a token", connected_at=NOON, username="niloofar")
        add_message(add_conversation(inbox), text="سلام")
        other = add_inbox(app_user_id="2999", token_encrypted=b"another token", connected_at=NOON)
        add_message(add_conversation(other), text="neighbour")
    return inbox.id


def row(inbox_id):
    db.session.rollback()
    return db.session.get(Inbox, inbox_id, populate_existing=True)


def request(issued_at=SOON, now=SOON):
    return request_deletion("instagram", USER, issued_at, now)


def test_the_account_is_stopped_and_its_token_gone_before_the_answer(inbox):
    request()

    stopped = row(inbox)
    assert (stopped.state, stopped.stop_reason, stopped.token_encrypted) == (
        InboxState.STOPPED,
        "deletion_requested",
        b"",
    )


def test_the_job_erases_what_is_theirs_and_nothing_else(inbox):
    code = request()
    assert find_deletion(code).state is DeletionState.REQUESTED

    assert work_off(NOON + seconds(20)) == 1

    db.session.rollback()
    assert find_deletion(code).state is DeletionState.DONE
    assert row(inbox) is None
    assert [message.text for message in Message.query] == ["neighbour"]
    assert USER not in str([vars(one) for one in DataDeletion.query])


def connect_again(name):
    return connect("instagram", "Shop", name, "a new token", {}, AssistantMode.AUTO, SOON)


def test_an_account_is_connected_again_once_it_is_erased_and_not_before(inbox):
    name, other = row(inbox).external_id, row(inbox + 1).external_id
    request()

    with pytest.raises(Refused) as refusal:
        connect_again(name)

    assert refusal.value.reason == "being_erased"
    assert row(inbox).token_encrypted == b""
    assert connect_again(other) == inbox + 1
    work_off(NOON + seconds(20))
    anew = connect_again(name)
    assert row(anew).state is InboxState.ACTIVE
    work_off(NOON + seconds(30))
    assert row(anew) is not None


def test_the_same_request_again_has_the_same_code(inbox):
    code = request()

    assert request() == code
    work_off(NOON + seconds(20))
    assert request() == code
    assert DataDeletion.query.count() == 1


def test_another_request_while_one_is_open_has_its_code_and_later_a_new_one(inbox):
    code = request()
    assert request(NOON + seconds(15)) == code

    work_off(NOON + seconds(20))

    assert request(NOON + seconds(30)) != code


def test_two_at_the_same_moment_have_one_code(inbox, shared_app):
    from concurrent.futures import ThreadPoolExecutor

    def call(_number):
        with shared_app.app_context():
            return request()

    db.session.rollback()
    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(call, range(4)))) == 1


def test_who_is_not_here_is_done_at_once(app):
    code = request()

    assert find_deletion(code).state is DeletionState.DONE
    assert work_off(NOON + seconds(20)) == 0


def test_an_old_request_posted_again_after_a_new_connection_does_nothing(inbox):
    code = request(NOON - timedelta(days=3))

    assert row(inbox).state is InboxState.ACTIVE
    work_off(NOON + seconds(20))
    assert row(inbox) is not None
    assert find_deletion(code).state is DeletionState.DONE


def test_a_job_that_was_killed_goes_on(inbox, monkeypatch):
    code = request()
    real = data_deletion.erase_inbox
    monkeypatch.setattr(data_deletion, "erase_inbox", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        work_off(NOON + seconds(20))
    monkeypatch.setattr(data_deletion, "erase_inbox", real)

    assert work_off(NOON + seconds(30)) == 1
    assert find_deletion(code).state is DeletionState.DONE


@pytest.mark.sqlite_only
def test_an_account_that_came_since_a_job_was_killed_at_its_end_stays(inbox, monkeypatch):
    """By the number of the one that went it would be erased when the job goes on."""
    code, real = request_deletion("instagram", "2999", SOON, SOON), data_deletion.erase_inbox

    def killed_at_its_end(*args):
        real(*args)
        raise ZeroDivisionError

    monkeypatch.setattr(data_deletion, "erase_inbox", killed_at_its_end)
    with pytest.raises(ZeroDivisionError):
        work_off(NOON + seconds(20))
    monkeypatch.setattr(data_deletion, "erase_inbox", real)
    with transaction():
        newcomer = add_inbox(app_user_id="3999", connected_at=NOON + seconds(25)).id

    assert work_off(NOON + seconds(30)) == 1
    assert find_deletion(code).state is DeletionState.DONE
    assert row(newcomer) is not None


def test_a_store_that_is_away_keeps_its_files_waiting_and_neither_words_nor_other_wishes(inbox, monkeypatch):
    def is_away(_name):
        raise MediaError("store_away", "no answer", may_pass=True)

    with transaction():
        add_media(inbox, MediaKind.IMAGE)
        add_inbox(app_user_id="another person", connected_at=NOON)
    code = request()
    later = request_deletion("instagram", "another person", SOON, NOON + seconds(11))
    monkeypatch.setattr(media_store, "drop", is_away)

    with pytest.raises(MediaError):
        work_off(NOON + seconds(20))

    db.session.rollback()
    assert (find_deletion(code).state, find_deletion(later).state) == (DeletionState.REQUESTED, DeletionState.DONE)
    assert [message.text for message in Message.query] == ["neighbour"]
    assert MediaFile.query.count() == 1
    dropped = []
    monkeypatch.setattr(media_store, "drop", dropped.append)
    assert work_off(NOON + seconds(30)) == 1
    assert (len(dropped), row(inbox), MediaFile.query.count()) == (1, None, 0)
    assert find_deletion(code).state is DeletionState.DONE


def test_leaving_stops_the_account_and_keeps_its_conversations(inbox):
    assert deauthorize("instagram", USER, NOON + seconds(10), NOON + seconds(10)) == [inbox]

    stopped = row(inbox)
    assert (stopped.state, stopped.stop_reason, stopped.token_encrypted) == (InboxState.STOPPED, "deauthorized", b"")
    assert Message.query.count() == 2
    assert [audit.action for audit in Audit.query] == ["inbox_disconnected"]


def test_the_accounts_own_id_names_it_too(inbox):
    assert deauthorize("instagram", row(inbox).external_id, None, NOON) == [inbox]


@pytest.mark.parametrize(
    ("channel", "user", "issued_at"),
    [("instagram", "1", NOON), ("telegram", USER, NOON), ("instagram", USER, NOON - timedelta(days=1))],
)
def test_who_else_leaves_stops_nothing(inbox, channel, user, issued_at):
    assert deauthorize(channel, user, issued_at, NOON + seconds(10)) == []
    assert row(inbox).state is InboxState.ACTIVE


# --- a wish that matches no account ----------------------------------------------------------------------------------


@pytest.fixture
def page_inbox(app):
    """An account by a Page's token, of which we do not know how the callbacks name it."""
    with transaction():
        inbox = add_inbox(app_user_id=None, token_encrypted=b"a token", connected_at=NOON)
        add_message(add_conversation(inbox), text="سلام")
    return inbox.id


def unmatched():
    code = request()
    deletion = find_deletion(code)
    assert deletion.state is DeletionState.UNMATCHED
    return deletion.id, code


def test_a_wish_that_may_mean_an_account_by_a_page_waits_for_a_person(page_inbox):
    _, code = unmatched()

    assert work_off(NOON + seconds(20)) == 0
    assert find_deletion(code).state is DeletionState.UNMATCHED
    assert row(page_inbox).state is InboxState.ACTIVE
    assert request(NOON + seconds(40)) == code


def test_one_that_waits_is_worked_off_when_it_is_wished_again_of_an_account_that_is_known_by_now(page_inbox):
    _, code = unmatched()
    with transaction():
        theirs = add_inbox(app_user_id=USER, token_encrypted=b"a token", connected_at=NOON + timedelta(days=1)).id

    assert request() == code  # the old one once more: it was before this account
    assert (row(theirs).state, find_deletion(code).state) == (InboxState.ACTIVE, DeletionState.UNMATCHED)
    assert request(NOON + timedelta(days=2), NOON + timedelta(days=2)) == code

    assert row(theirs).stop_reason == "deletion_requested"
    assert work_off(NOON + timedelta(days=2)) == 1
    assert (row(theirs), row(page_inbox).state) == (None, InboxState.ACTIVE)
    assert find_deletion(code).state is DeletionState.DONE


@pytest.mark.sqlite_only
def test_the_same_wish_posted_again_means_no_account_that_came_since_though_it_tells_no_time(page_inbox):
    code = request_deletion("instagram", USER, None, SOON)
    with transaction():
        came = add_inbox(app_user_id=USER, token_encrypted=b"a token", connected_at=NOON + timedelta(days=1)).id

    assert request_deletion("instagram", USER, None, NOON + timedelta(days=2)) == code

    assert (row(came).state, find_deletion(code).state) == (InboxState.ACTIVE, DeletionState.UNMATCHED)


def test_a_person_says_that_it_means_the_account_which_is_erased(page_inbox):
    deletion_id, code = unmatched()

    settle_deletion(deletion_id, page_inbox, None, None, SOON)
    assert row(page_inbox).stop_reason == "deletion_requested"
    assert work_off(NOON + seconds(20)) == 1

    assert row(page_inbox) is None
    assert find_deletion(code).state is DeletionState.DONE


def test_a_person_says_that_it_means_a_customer_who_alone_is_erased(page_inbox):
    deletion_id, code = unmatched()
    customer_id = db.session.scalars(db.select(Customer.id)).one()

    settle_deletion(deletion_id, None, customer_id, None, SOON)

    db.session.rollback()
    assert Customer.query.count() == 0
    assert row(page_inbox).state is InboxState.ACTIVE
    assert find_deletion(code).state is DeletionState.DONE


def test_a_person_says_that_it_means_nobody_once(page_inbox):
    deletion_id, code = unmatched()

    settle_deletion(deletion_id, None, None, None, SOON)

    assert find_deletion(code).state is DeletionState.DONE
    assert Message.query.count() == 1
    for customer_id in (None, 1):
        with pytest.raises(Refused) as refusal:
            settle_deletion(deletion_id, page_inbox, customer_id, None, SOON)
        assert refusal.value.reason == "settled_already"
    assert row(page_inbox).state is InboxState.ACTIVE


def test_an_account_that_is_not_there_settles_nothing(page_inbox):
    deletion_id, code = unmatched()

    with pytest.raises(Refused):
        settle_deletion(deletion_id, 99, None, None, SOON)

    assert find_deletion(code).state is DeletionState.UNMATCHED


def test_a_repeat_for_an_account_that_is_known_waits_for_nobody(inbox, page_inbox):
    code = request(NOON - timedelta(days=3))

    assert find_deletion(code).state is DeletionState.DONE
