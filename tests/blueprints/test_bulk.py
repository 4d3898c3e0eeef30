"""One deed on many conversations: one request, each by itself, and what became of each told honestly."""

import re
from datetime import timedelta

import pytest
from rows import add, add_conversation, add_inbox, add_message, add_operator

from pilito.clock import utc_now
from pilito.conversations.seen import Seen
from pilito.database import transaction
from pilito.lifecycle import ConversationState, LabelColour, Role
from pilito.models import Conversation, ConversationLabel, Label, Operator, db

FRAGMENT = {"X-Fragment": "1"}
OPERATOR, CLOSED = ConversationState.OPERATOR, ConversationState.CLOSED


@pytest.fixture
def browser(log_in):
    return log_in()


@pytest.fixture
def three(app):
    with transaction():
        inbox = add_inbox()
        return [add_conversation(inbox, state=ConversationState.HANDED_OVER, seq=1) for _ in range(3)]


@pytest.fixture
def label(app):
    with transaction():
        return add(Label(name="فوری", colour=LabelColour.RED, created_at=utc_now())).id


def stamp(conversation):
    return f"{conversation.id}:{Seen.of(conversation)}"


def post(browser, path, headers=FRAGMENT, **fields):
    token = re.search(r'name="csrf-token" content="([^"]+)"', browser.get("/conversations/").text)[1]
    return browser.post(path, data={"csrf_token": token, **fields}, headers=headers)


def change(browser, conversations, do, **fields):
    rows = [stamp(one) for one in conversations]
    return post(browser, "/conversations/bulk", row=rows, do=do, **fields)


def now_of(conversation):
    db.session.rollback()
    return db.session.get_one(Conversation, conversation.id, populate_existing=True)


def me(browser):
    return db.session.scalar(db.select(Operator.id).filter_by(role=Role.AGENT))


@pytest.mark.sqlite_only
def test_three_are_closed_by_one_request_and_opened_again_by_another(browser, three):
    answer = change(browser, three, "close")

    assert answer.json["message"] == "3 closed."
    assert {now_of(one).state for one in three} == {CLOSED}
    taken_back = post(browser, "/conversations/undo", undo=answer.json["undo"])
    assert taken_back.json["message"] == "3 taken back."
    assert {now_of(one).state for one in three} == {ConversationState.HANDED_OVER}


@pytest.mark.sqlite_only
def test_what_moved_on_is_left_and_said(browser, three):
    rows = [stamp(one) for one in three]
    with transaction():
        add_message(three[1], text="one more thing", seq=2)
        db.session.get_one(Conversation, three[1].id).seq = 2

    answer = post(browser, "/conversations/bulk", row=rows, do="close")

    assert answer.json["message"] == "2 closed. 1 was changed meanwhile and left as it is."
    assert [now_of(one).state for one in three] == [CLOSED, ConversationState.HANDED_OVER, CLOSED]
    assert len(answer.json["undo"]) == 2


@pytest.mark.sqlite_only
def test_a_conversation_that_is_gone_stops_no_other(browser, three):
    rows = [stamp(three[0]), "999:1.0.0"]

    answer = post(browser, "/conversations/bulk", row=rows, do="close")

    assert answer.json["message"].startswith("Closed. 1 not done: ")
    assert now_of(three[0]).state is CLOSED


@pytest.mark.sqlite_only
def test_nothing_done_is_no_success(browser):
    answer = post(browser, "/conversations/bulk", row="999:1.0.0", do="close")

    assert answer.status_code == 409
    assert "not there any more" in answer.json["message"]


def test_they_are_put_off_until_a_time_of_the_operators_own_zone(browser, three):
    browser.set_cookie("zone", "Asia/Tehran")
    day = (utc_now() + timedelta(days=3)).date()

    answer = change(browser, three, "snooze", until="own", day=day.isoformat(), clock="09:00")

    assert answer.json["message"].startswith("3 put off until ")
    until = now_of(three[0]).snoozed_until
    assert (until.date(), until.hour, until.minute) == (day, 5, 30)


@pytest.mark.sqlite_only
@pytest.mark.parametrize("fields", [{}, {"until": "yesterday"}, {"until": "own", "day": "x", "clock": "9"}])
def test_no_time_is_refused(browser, three, fields):
    answer = change(browser, three, "snooze", **fields)

    assert (answer.status_code, answer.json["message"]) == (409, "That is no day and time. Choose both again.")
    assert now_of(three[0]).snoozed_until is None


@pytest.mark.sqlite_only
def test_a_label_goes_on_all_comes_off_all_and_can_be_made_on_the_fly(browser, three, label):
    assert change(browser, three, "label", label=label).json["message"] == "Label added to 3."
    assert change(browser, three[:1], "unlabel", label=label).json["message"] == "Label removed."
    change(browser, three, "label", new_label="پیگیری")

    def names(one):
        db.session.rollback()
        rows = db.select(Label.name).join(ConversationLabel).where(ConversationLabel.conversation_id == one.id)
        return sorted(db.session.scalars(rows))

    assert [names(one) for one in three] == [["پیگیری"], ["فوری", "پیگیری"], ["فوری", "پیگیری"]]


@pytest.mark.parametrize(("to", "state"), [("me", OPERATOR), ("nobody", ConversationState.HANDED_OVER)])
def test_they_are_assigned(browser, three, to, state):
    answer = change(browser, three, "assign", to=to)

    assert answer.status_code == 200
    assert {now_of(one).state for one in three} == {state}
    assert now_of(three[0]).operator_id == (me(browser) if to == "me" else None)


@pytest.mark.sqlite_only
def test_they_are_assigned_to_a_colleague_but_to_no_viewer(browser, three):
    with transaction():
        ali, guest = add_operator(Role.AGENT).id, add_operator(Role.VIEWER).id

    assert change(browser, three, "assign", to=ali).json["message"] == "3 assigned."
    assert change(browser, three, "assign", to=guest).status_code == 409

    assert now_of(three[0]).operator_id == ali


def test_read_and_unread(browser, three):
    assert change(browser, three, "unread").json["message"] == "3 marked as unread."
    assert {now_of(one).unread_count for one in three} == {1}
    change(browser, three, "read")
    assert {now_of(one).unread_count for one in three} == {0}


@pytest.mark.sqlite_only
@pytest.mark.parametrize("rows", [[], ["x"], ["1:"], ["1:2"], ["-1:1.1.1"], ["9" * 30 + ":1.1.1"]])
def test_rows_of_somebodys_making_are_refused(browser, three, rows):
    answer = post(browser, "/conversations/bulk", row=rows, do="close")

    assert answer.status_code == (200 if rows == ["1:"] else 409)  # without a stamp nothing is compared


@pytest.mark.sqlite_only
def test_an_unknown_deed_is_refused(browser, three):
    assert change(browser, three, "explode").status_code == 409


@pytest.mark.sqlite_only
@pytest.mark.parametrize("path", ["bulk", "undo"])
def test_a_viewer_changes_nothing(log_in, three, path):
    answer = post(log_in(Role.VIEWER), f"/conversations/{path}", row=stamp(three[0]), do="close", undo=1)

    assert answer.status_code == 403
    assert now_of(three[0]).state is ConversationState.HANDED_OVER


@pytest.mark.sqlite_only
def test_without_scripts_it_leads_back_with_its_sentence(browser, three):
    answer = post(
        browser, "/conversations/bulk", headers={}, row=stamp(three[0]), do="close", next="/conversations/?zone=done"
    )

    assert answer.location == "/conversations/?zone=done"
    assert "Closed." in browser.get("/conversations/").text


@pytest.mark.sqlite_only
def test_nobody_undoes_what_another_did(log_in, three):
    done = change(log_in(), three, "close").json["undo"]

    answer = post(log_in(), "/conversations/undo", undo=done)

    assert answer.status_code == 409
    assert now_of(three[0]).state is CLOSED
