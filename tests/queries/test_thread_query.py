"""The messages of one conversation: order, pages, and no query per row."""

from datetime import timedelta

import pytest
from rows import NOON, add, add_conversation, add_delivery, add_message, add_share, record_statements

from pilito.database import transaction
from pilito.lifecycle import DeliveryState, Sender, ShareState
from pilito.models import Attachment, db
from pilito.queries import thread


@pytest.fixture(autouse=True)
def context(app):
    with app.app_context():
        yield


def test_messages_come_in_the_order_they_were_sent_not_in_which_they_arrived():
    with transaction():
        conversation = add_conversation()
        late = add_message(conversation, sent_at=NOON + timedelta(seconds=5))
        early = add_message(conversation, sent_at=NOON)

    assert [row.id for row in thread.page(conversation.id)] == [early.id, late.id]


def test_pages_show_each_message_once_even_where_times_are_equal():
    with transaction():
        conversation = add_conversation()
        made = [add_message(conversation).id for _ in range(5)]

    seen, after = [], None
    while rows := thread.page(conversation.id, after=after, limit=2):
        seen += [row.id for row in rows]
        after = (rows[-1].sent_at, rows[-1].id)

    assert seen == made


def test_messages_of_another_conversation_are_not_shown():
    with transaction():
        conversation, other = add_conversation(), add_conversation()
        add_message(other)

    assert thread.page(conversation.id) == []


def test_a_page_needs_three_queries_however_many_it_shows():
    with transaction():
        conversation = add_conversation()
        for number in range(10):
            add_share(conversation, ShareState.EXPIRED)
            reply = add_message(conversation, sender=Sender.OPERATOR, external_id=None, client_id=str(number))
            add_delivery(reply, DeliveryState.SENT)
            add(Attachment(message_id=reply.id, position=0, kind="image"))
    number = conversation.id
    db.session.remove()
    statements = record_statements()

    shown = [(row.share, len(row.deliveries), len(row.attachments)) for row in thread.page(number)]

    assert len(shown) == 20
    assert len(statements) == 3
