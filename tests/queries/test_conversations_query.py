"""The list of conversations: order, pages, filters, search."""

from datetime import timedelta

import pytest
from rows import NOON, add_conversation, add_inbox, add_message, record_statements

from pilito.database import transaction
from pilito.lifecycle import ConversationState
from pilito.models import db
from pilito.queries import conversations


@pytest.fixture(autouse=True)
def context(app):
    with app.app_context():
        yield


def ids(rows):
    return [row.id for row in rows]


def test_the_newest_conversation_comes_first_and_equal_times_are_ordered_by_id():
    with transaction():
        old = add_conversation(last_message_at=NOON - timedelta(hours=1))
        first, second = add_conversation(), add_conversation()

    found = conversations.page()

    assert ids(found) == [second.id, first.id, old.id]


def test_pages_show_each_conversation_once_even_where_times_are_equal():
    with transaction():
        made = [add_conversation() for _ in range(5)]

    seen, before = [], None
    while rows := conversations.page(before=before, limit=2):
        seen += ids(rows)
        before = (rows[-1].last_message_at, rows[-1].id)

    assert seen == sorted(ids(made), reverse=True)


def test_a_conversation_without_a_message_is_not_listed():
    with transaction():
        add_conversation(last_message_at=None)

    assert conversations.page() == []


def test_state_inbox_and_unread_filter_together():
    with transaction():
        inbox = add_inbox()
        wanted = add_conversation(inbox, state=ConversationState.OPERATOR, unread_count=2)
        add_conversation(inbox, state=ConversationState.OPERATOR)
        add_conversation(inbox, unread_count=2)
        add_conversation(state=ConversationState.OPERATOR, unread_count=2)

    found = conversations.page(state=ConversationState.OPERATOR, inbox_id=inbox.id, unread=True)

    assert ids(found) == [wanted.id]


def test_unread_false_shows_only_read_ones():
    with transaction():
        read = add_conversation()
        add_conversation(unread_count=1)

    assert ids(conversations.page(unread=False)) == [read.id]


@pytest.mark.parametrize("q", ["MARYAM", "yam_sho", "17841", "لباس"])
def test_search_finds_name_username_id_and_what_was_said(q):
    with transaction():
        person = {"name": "Maryam", "username": "maryam_shop", "external_id": "17841"}
        wanted = add_conversation(customer=person)
        add_message(wanted, text="این لباس چقدره؟")
        add_conversation(customer={"name": "Sara"})

    assert ids(conversations.page(q=q)) == [wanted.id]


@pytest.mark.parametrize("q", ["%", "_", "\\", '"', "'", "* :", "   "])
def test_what_holds_no_word_finds_nothing(q):
    with transaction():
        add_message(add_conversation(), text=f"x{q}y")

    assert conversations.page(q=q) == []


@pytest.mark.parametrize("q", ["a%b", "a'b", 'a"b', "a:*b", "a&!b", "(a OR b", "a\\b", "a NOT b*", "#a ^b"])
def test_signs_of_a_query_language_are_signs(q):
    with transaction():
        wanted = add_conversation()
        add_message(wanted, text="a or not b")
        add_message(add_conversation(), text="a")

    assert ids(conversations.page(q=q)) == [wanted.id]


def test_a_page_needs_one_query_however_many_it_shows(app):
    with transaction():
        for _ in range(10):
            add_conversation()
    db.session.remove()
    statements = record_statements()

    shown = [(row.customer.label, row.inbox.name) for row in conversations.page()]

    assert len(shown) == 10
    assert len(statements) == 1


def test_find_shows_what_another_transaction_wrote():
    with transaction():
        row = add_conversation()
    conversations.find(row.id)
    with transaction():
        table = type(row).__table__
        db.session.execute(table.update().where(table.c.id == row.id).values(unread_count=7))

    assert conversations.find(row.id).unread_count == 7


def test_find_knows_no_conversation_that_is_not_there():
    assert conversations.find(404) is None
