"""Meta's callbacks at their addresses: only what is signed does anything, and the status page tells nothing of whom."""

import time

import pytest
from rows import NOON, FreshClient, add_conversation, add_inbox, add_message
from shop import TEST_SECRET

from pilito.channels.instagram.callbacks import sign
from pilito.clock import utc_now
from pilito.conversations.data_deletion import work_off
from pilito.database import transaction
from pilito.lifecycle import InboxState
from pilito.models import DataDeletion, Inbox, Message, db

USER = "27841400000000001"
pytestmark = pytest.mark.sqlite_only


@pytest.fixture
def inbox(app):
    with transaction():
        inbox = add_inbox(app_user_id=USER, token_encrypted=b"a token", connected_at=NOON, name="گالری")
        add_message(add_conversation(inbox), text="سلام")
    return inbox.id


@pytest.fixture
def browser(app):
    return FreshClient(app)


def signed(secret=TEST_SECRET, **changes):
    said = {"algorithm": "HMAC-SHA256", "issued_at": int(time.time()), "user_id": USER, **changes}
    return {"signed_request": sign(said, secret)}


def state(inbox_id):
    db.session.rollback()
    found = db.session.get(Inbox, inbox_id, populate_existing=True)
    return (found.state, found.token_encrypted) if found else None


def test_a_person_who_leaves_is_answered_200_and_stopped(browser, inbox):
    assert browser.post("/meta/deauthorize", data=signed()).status_code == 200
    assert state(inbox) == (InboxState.STOPPED, b"")


def test_a_stranger_who_leaves_is_answered_200_too(browser, inbox):
    assert browser.post("/meta/deauthorize", data=signed(user_id="1")).status_code == 200
    assert state(inbox) == (InboxState.ACTIVE, b"a token")


def test_a_deletion_is_answered_with_its_page_and_code(browser, inbox, app):
    answer = browser.post("/meta/data-deletion", data=signed()).json

    assert set(answer) == {"url", "confirmation_code"}
    assert answer["url"] == f"http://127.0.0.1:8000/meta/data-deletion/{answer['confirmation_code']}"
    assert answer["confirmation_code"].isalnum()


def test_the_page_tells_the_state_in_both_languages_and_nothing_of_whom(browser, inbox):
    code = browser.post("/meta/data-deletion", data=signed()).json["confirmation_code"]

    under_way = browser.get(f"/meta/data-deletion/{code}?lang=en").text
    work_off(utc_now())
    done, fertig = (browser.get(f"/meta/data-deletion/{code}?lang={language}").text for language in ("en", "fa"))

    assert "Under way" in under_way
    assert "Done: everything" in done
    assert "پاک شده است" in fertig
    assert not any(word in under_way + done for word in (USER, "گالری", "account-"))
    assert Message.query.count() == 0


@pytest.mark.parametrize("code", ["0" * 24, "x", "0" * 23 + "G", "%00", "..%2f.."])
def test_another_code_is_not_found(browser, inbox, code):
    assert browser.get(f"/meta/data-deletion/{code}").status_code == 404


@pytest.mark.parametrize("path", ["/meta/deauthorize", "/meta/data-deletion"])
@pytest.mark.parametrize(
    "form",
    [
        {},
        {"signed_request": ""},
        {"signed_request": "a.b"},
        {"signed_request": "x" * 100_000},
        signed("another app's secret"),
        signed(algorithm="HMAC-SHA1"),
        signed(expires=1),
        {"signed_request": signed()["signed_request"][:-1]},
    ],
)
def test_what_meta_did_not_sign_is_refused_and_nothing_is_done(browser, inbox, path, form):
    assert browser.post(path, data=form).status_code == 400
    assert state(inbox) == (InboxState.ACTIVE, b"a token")
    assert DataDeletion.query.count() == 0


@pytest.mark.parametrize("path", ["/meta/deauthorize", "/meta/data-deletion"])
def test_a_signed_request_counts_only_in_the_form(browser, inbox, path):
    assert browser.post(path, query_string=signed()).status_code == 400
    assert browser.post(path, json=signed()).status_code == 400
    assert browser.get(path).status_code in (404, 405)
    assert state(inbox) == (InboxState.ACTIVE, b"a token")
