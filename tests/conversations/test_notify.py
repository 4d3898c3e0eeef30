"""People of the shop are told of what concerns them: once, nobody else, and nobody of their own deeds."""

import pytest
from rows import NOON, add, add_conversation, add_operator
from shop import seconds

from pilito import realtime
from pilito.conversations.notify import notify, read_notifications, read_of_conversation, unread_notifications
from pilito.database import transaction
from pilito.lifecycle import NotificationKind, Role
from pilito.models import Note, Notification, db

ASSIGNED, MENTIONED = NotificationKind.ASSIGNED, NotificationKind.MENTIONED


@pytest.fixture
def told(monkeypatch):
    """Whose browsers were told to look."""
    told = []
    monkeypatch.setattr(realtime, "notified", lambda operator_id, row_id: told.append((operator_id, row_id)))
    return told


@pytest.fixture
def people(app):
    with transaction():
        return [add_operator(Role.AGENT) for _ in range(3)]


@pytest.fixture
def conversation(people):
    with transaction():
        return add_conversation()


def tell(person, conversation, kind=ASSIGNED, now=NOON, **values):
    with transaction() as tx:
        return notify(tx, person.id, kind, conversation, now, **values)


def unread():
    db.session.rollback()
    found = db.select(Notification).filter_by(read_at=None).order_by(Notification.id)
    return list(db.session.scalars(found.execution_options(populate_existing=True)))


def test_a_person_is_told_and_their_browsers_look(told, people, conversation):
    sara, ali, _ = people

    row = tell(sara, conversation, by_id=ali.id)

    assert (row.operator_id, row.kind, row.by_id, row.created_at) == (sara.id, ASSIGNED, ali.id, NOON)
    assert told == [(sara.id, row.id)]
    assert [unread_notifications(person.id) for person in people] == [1, 0, 0]


def test_nobody_is_told_of_their_own_deed(told, people, conversation):
    sara = people[0]

    assert tell(sara, conversation, by_id=sara.id) is None
    assert told == unread() == []


def test_who_may_not_log_in_any_more_is_not_told(told, people, conversation):
    with transaction():
        people[0].active = False
        db.session.add(people[0])

    assert tell(people[0], conversation) is None
    assert told == unread() == []


@pytest.mark.usefixtures("told")
def test_the_same_once_more_takes_the_place_of_the_first_while_that_is_unread(people, conversation):
    sara, ali, reza = people
    tell(sara, conversation, by_id=ali.id)

    again = tell(sara, conversation, by_id=reza.id, now=NOON + seconds(60))

    assert [(row.id, row.by_id) for row in unread()] == [(again.id, reza.id)]


@pytest.mark.usefixtures("told")
def test_another_conversation_or_another_reason_is_a_line_of_its_own(people, conversation):
    sara = people[0]
    with transaction():
        other = add_conversation()

    for where, kind in ((conversation, ASSIGNED), (other, ASSIGNED), (conversation, NotificationKind.RETURNED)):
        tell(sara, where, kind)

    assert len(unread()) == 3


@pytest.mark.usefixtures("told")
def test_a_note_mentions_somebody_once_however_often_it_is_edited(people, conversation):
    sara, ali, _ = people
    with transaction():
        notes = [
            add(Note(conversation_id=conversation.id, operator_id=ali.id, text="@Sara", seq=1, created_at=NOON)).id
            for _ in range(2)
        ]
    tell(sara, conversation, MENTIONED, note_id=notes[0], by_id=ali.id)
    read_notifications(sara.id, NOON)

    assert tell(sara, conversation, MENTIONED, note_id=notes[0], by_id=ali.id) is None
    assert unread() == []
    tell(sara, conversation, MENTIONED, note_id=notes[1], by_id=ali.id)
    assert [row.note_id for row in unread()] == [notes[1]]


def test_what_is_not_committed_tells_nobody(told, people, conversation):
    def fail():
        with transaction() as tx:
            notify(tx, people[0].id, ASSIGNED, conversation, NOON)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    assert told == unread() == []


def test_reading_is_of_ones_own_and_tells_ones_other_tabs(told, people, conversation):
    sara, ali, _ = people
    mine, theirs = tell(sara, conversation), tell(ali, conversation)
    told.clear()

    assert read_notifications(sara.id, NOON + seconds(5), [mine.id, theirs.id]) == 1
    assert read_notifications(sara.id, NOON + seconds(9), [mine.id]) == 0

    assert [row.id for row in unread()] == [theirs.id]
    assert told == [(sara.id, None)]


@pytest.mark.usefixtures("told")
def test_whoever_looks_at_the_conversation_has_read_what_told_them_of_it(people, conversation):
    sara = people[0]
    with transaction():
        other = add_conversation()
    tell(sara, conversation)
    left = tell(sara, other)

    read_of_conversation(sara.id, conversation.id, NOON)

    assert [row.id for row in unread()] == [left.id]
