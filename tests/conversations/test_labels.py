"""Labels: put on and taken off, made once however they are spelt, merged and deleted without losing a conversation."""

import pytest
from rows import NOON, add, add_conversation, add_inbox, add_operator

from pilito.conversations import labels
from pilito.conversations.label import put_label, take_label
from pilito.conversations.labels import change_label, delete_label, make_label, merge_labels
from pilito.conversations.undo import undo
from pilito.database import transaction
from pilito.errors import Refused
from pilito.lifecycle import LabelColour, Role
from pilito.models import Audit, Conversation, ConversationLabel, Label, SavedView, db


@pytest.fixture
def sara(app):
    with transaction():
        return add_operator(Role.AGENT).id


@pytest.fixture
def conversations(app):
    with transaction():
        inbox = add_inbox()
        return [add_conversation(inbox).id for _ in range(3)]


def on(conversation_id):
    db.session.rollback()
    found = db.select(Label.name).join(ConversationLabel).where(ConversationLabel.conversation_id == conversation_id)
    return sorted(db.session.scalars(found))


def make(name, colour=None):
    return make_label(name, colour, None, NOON)


def refused(verb, *args):
    with pytest.raises(Refused) as refusal:
        verb(*args)
    return refusal.value.reason


def test_a_label_is_put_on_once_and_taken_off(conversations, sara):
    number, label_id = conversations[0], make("فوری")

    done = put_label(number, label_id, sara, NOON)

    assert on(number) == ["فوری"]
    assert put_label(number, label_id, sara, NOON) is None
    assert db.session.get_one(Conversation, number, populate_existing=True).seq == 1
    assert db.session.get_one(Audit, done).details == {"label": label_id, "name": "فوری"}
    take_label(number, label_id, sara, NOON)
    assert on(number) == []
    assert take_label(number, label_id, sara, NOON) is None


@pytest.mark.sqlite_only
def test_a_label_is_taken_back_and_put_back(conversations, sara):
    number, label_id = conversations[0], make("فوری")

    undo(put_label(number, label_id, sara, NOON), sara, NOON)
    assert on(number) == []
    put_label(number, label_id, sara, NOON)
    undo(take_label(number, label_id, sara, NOON), sara, NOON)

    assert on(number) == ["فوری"]


def test_the_same_name_in_another_spelling_is_the_same_label(app):
    assert make("پیگیری  سفارش") == make(" پيگيري سفارش ")
    assert make("VIP") == make("vip")
    assert make("VIP 2") != make("VIP")


def test_labels_get_colours_in_turn(app):
    ids = [make(name) for name in "abc"]

    assert len({db.session.get_one(Label, one).colour for one in ids}) == 3


@pytest.mark.parametrize("name", ["", "  ", "x" * 61, "\x00"])
def test_a_name_that_is_none_is_refused(app, name):
    assert refused(make, name) == "label_name"


def test_there_is_an_end_of_labels(app, monkeypatch):
    monkeypatch.setattr(labels, "MOST", 1)
    make("a")

    assert refused(make, "b") == "label_many"


def test_a_label_is_renamed_and_recoloured_but_not_to_anothers_name(app):
    first, _ = make("اول"), make("دوم")

    change_label(first, "Erst", LabelColour.PINK, None, NOON)

    label = db.session.get_one(Label, first, populate_existing=True)
    assert (label.name, label.colour) == ("Erst", LabelColour.PINK)
    assert refused(change_label, first, "دوم", LabelColour.RED, None, NOON) == "label_taken"
    assert refused(change_label, 99, "x", LabelColour.RED, None, NOON) == "label_gone"


def test_a_deleted_label_comes_off_everywhere_and_takes_the_views_that_named_it(conversations, sara, monkeypatch):
    monkeypatch.setattr(labels, "BATCH", 2)
    gone, stays = make("gone"), make("stays")
    for number in conversations:
        put_label(number, gone, sara, NOON)
    put_label(conversations[0], stays, sara, NOON)
    with transaction():
        for query in (f"zone=open&label={gone}", f"label={stays}", f"label={gone}1"):
            add(SavedView(name=query, query=query, created_at=NOON))

    delete_label(gone, sara, NOON)

    assert [on(number) for number in conversations] == [["stays"], [], []]
    assert [view.query for view in db.session.scalars(db.select(SavedView))] == [f"label={stays}", f"label={gone}1"]
    assert refused(delete_label, gone, sara, NOON) == "label_gone"


def test_a_merged_label_lives_on_in_the_other_once_per_conversation(conversations, sara, monkeypatch):
    monkeypatch.setattr(labels, "BATCH", 2)
    one, other = make("one"), make("other")
    for number in conversations:
        put_label(number, one, sara, NOON)
    put_label(conversations[1], other, sara, NOON)
    with transaction():
        add(SavedView(name="v", query=f"zone=done&label={one}", created_at=NOON))

    merge_labels(one, other, sara, NOON)

    assert [on(number) for number in conversations] == [["other"]] * 3
    assert db.session.scalars(db.select(SavedView.query)).all() == [f"zone=done&label={other}"]
    assert refused(merge_labels, other, other, sara, NOON) == "label_itself"


def test_a_label_that_is_gone_is_refused(conversations, sara):
    assert refused(put_label, conversations[0], 99, sara, NOON) == "label_gone"
    assert refused(put_label, 99, make("x"), sara, NOON) == "not_found"
