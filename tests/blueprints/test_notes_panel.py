"""Notes in the panel: who may write them, how they look, and that no path leads from there to the customer."""

from datetime import timedelta

import pytest
from rows import add, add_conversation, add_message
from test_panel import FRAGMENT, post, thread

from pilito.clock import utc_now
from pilito.database import transaction
from pilito.lifecycle import Role
from pilito.models import Audit, Conversation, Delivery, Mention, Message, Note, Operator, db

WORDS = "<b>@علی</b> pays late"


@pytest.fixture
def conversation(app):
    with transaction():
        now = utc_now()
        return add_conversation(customer={"name": "مریم"}, last_message_at=now, last_customer_message_at=now)


def write(browser, conversation, **fields):
    values = {"text": "pays late", "client_id": "n-1"} | fields
    return post(browser, f"/conversations/{conversation.id}/notes", **values)


def rows(model):
    db.session.rollback()
    return db.session.scalars(db.select(model).order_by(model.id)).all()


def notes():
    return rows(Note)


@pytest.mark.sqlite_only
def test_a_note_stands_in_the_thread_and_is_nothing_that_was_sent(log_in, conversation):
    browser = log_in()

    assert write(browser, conversation).status_code == 204

    page = thread(browser, conversation)
    assert 'class="item is-ours from-note"' in page
    assert "Note for the team" in page
    assert "pays late" in page
    assert rows(Message) == []
    assert rows(Delivery) == []


@pytest.mark.sqlite_only
def test_a_note_can_be_written_when_nothing_may_be_sent(log_in, conversation):
    browser = log_in()
    with transaction():
        db.session.get_one(Conversation, conversation.id).last_customer_message_at = utc_now() - timedelta(days=30)

    page = thread(browser, conversation)

    assert 'id="note-composer"' in page
    assert write(browser, conversation).status_code == 204
    assert [note.text for note in notes()] == ["pays late"]


@pytest.mark.sqlite_only
def test_the_form_of_a_note_leads_to_notes_alone(log_in, conversation):
    page = thread(log_in(), conversation)

    form = page[page.index('id="note-composer"') :].partition("</form>")[0]

    assert f'action="/conversations/{conversation.id}/notes"' in form
    assert "replies" not in form


@pytest.mark.sqlite_only
def test_what_a_note_says_is_hostile_to_nobody(log_in, conversation):
    browser = log_in()
    with transaction():
        ali = add(Operator(email="ali@shop.test", name="علی", password_hash="", role=Role.AGENT, created_at=utc_now()))
        ali_id = ali.id

    write(browser, conversation, text=WORDS, mentions=f"{ali_id},x,-1")

    page = thread(browser, conversation)
    assert '&lt;b&gt;<bdi class="mention">@علی</bdi>&lt;/b&gt; pays late' in page
    assert [mention.operator_id for mention in rows(Mention)] == [ali_id]


def test_a_viewer_reads_notes_and_writes_none(log_in, conversation):
    write(log_in(), conversation)
    viewer = log_in(Role.VIEWER)

    answer = write(viewer, conversation, client_id="n-2", text="mine")

    assert answer.status_code == 403
    assert [note.text for note in notes()] == ["pays late"]
    page = thread(viewer, conversation)
    assert "pays late" in page
    assert "note-composer" not in page


def test_only_the_writer_has_the_means_to_change_it(log_in, conversation):
    write(log_in(), conversation)
    other = log_in(Role.OWNER)
    note = notes()[0]

    answer = post(other, f"/conversations/{conversation.id}/notes/{note.id}", text="mine")

    assert answer.status_code == 409
    assert "Only who wrote a note" in answer.json["message"]
    assert "data-edit-note" not in thread(other, conversation)


@pytest.mark.sqlite_only
def test_the_writer_mends_and_deletes_it(log_in, conversation):
    browser = log_in()
    write(browser, conversation)
    path = f"/conversations/{conversation.id}/notes/{notes()[0].id}"

    assert post(browser, path, text="pays at once").status_code == 204
    assert "Edited" in thread(browser, conversation)
    assert post(browser, f"{path}/delete").status_code == 204

    page = thread(browser, conversation)
    assert "This note was deleted." in page
    assert "pays at once" not in page
    assert [audit.action for audit in rows(Audit)] == [
        "note_written",
        "note_edited",
        "note_deleted",
    ]


@pytest.mark.sqlite_only
def test_a_note_of_another_conversation_is_not_reached_through_this_one(log_in, conversation):
    browser = log_in()
    write(browser, conversation)
    with transaction():
        other = add_conversation()

    answer = post(browser, f"/conversations/{other.id}/notes/{notes()[0].id}/delete")

    assert answer.status_code == 404
    assert notes()[0].deleted_at is None


def test_notes_come_with_the_messages_of_their_time(log_in, conversation):
    """The first page has the note beside the newest messages, an older page the older note, and none is on both."""
    browser = log_in()
    now = utc_now()
    with transaction():
        for number in range(60):
            add_message(conversation, text=f"words {number}", sent_at=now - timedelta(minutes=60 - number))
        for minutes, words in ((58, "old note"), (5, "new note")):
            add(Note(conversation_id=conversation.id, text=words, seq=1, created_at=now - timedelta(minutes=minutes)))

    page = thread(browser, conversation)
    before = page.partition('data-before="')[2].partition('"')[0]
    older = browser.get(
        f"/conversations/{conversation.id}/messages", query_string={"before": before}, headers=FRAGMENT
    ).text

    assert "new note" in page
    assert "old note" not in page
    assert "old note" in older
    assert "new note" not in older


def test_only_what_changed_is_fetched_again(log_in, conversation):
    browser = log_in()
    write(browser, conversation)
    seq = notes()[0].seq

    changes = f"/conversations/{conversation.id}/messages?after_seq="

    assert "pays late" in browser.get(f"{changes}{seq - 1}", headers=FRAGMENT).text
    assert "pays late" not in browser.get(f"{changes}{seq}", headers=FRAGMENT).text
