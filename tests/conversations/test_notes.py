"""Notes: for the team alone, told to whom they mention, mended and taken back by whoever wrote them."""

import pytest
from desk import Desk
from rows import NOON, add_operator
from shop import seconds, text

from pilito.conversations.export import export_customer
from pilito.conversations.notes import delete_note, edit_note, write_note
from pilito.database import transaction
from pilito.errors import Refused
from pilito.lifecycle import NotificationKind, Role
from pilito.models import Audit, Delivery, Mention, Message, Note, Notification
from pilito.queries.notes import notes_after

LATER = NOON + seconds(60)


@pytest.fixture
def desk(shop):
    """A customer has asked, and the assistant holds the conversation."""
    desk = Desk(shop)
    desk.take(text("چنده؟", NOON, mid="question"))
    return desk


def add_person(name, role=Role.AGENT):
    with transaction():
        person = add_operator(role)
        person.name = name
        return person


def write(desk, person, words, mentioned=(), client_id="n-1", now=NOON):
    return desk.call(write_note, desk.conversation.id, person.id, words, mentioned, client_id, now)


def test_a_note_is_kept_and_changes_nothing_for_the_customer(desk):
    sara = add_person("Sara")
    before = desk.conversation.state, desk.conversation.epoch, desk.conversation.unanswered_since, desk.turn.state

    note = write(desk, sara, "  pays on delivery \x00")

    assert note.text == "pays on delivery"
    now = desk.conversation.state, desk.conversation.epoch, desk.conversation.unanswered_since, desk.turn.state
    assert now == before
    assert [message.text for message in desk.rows(Message)] == ["چنده؟"]
    assert desk.rows(Delivery) == []


def test_a_note_is_seen_by_an_open_panel_as_a_message_is(desk):
    seq = desk.conversation.seq

    note = write(desk, add_person("Sara"), "fragile")

    assert note.seq == desk.conversation.seq == seq + 1
    assert [one.text for one in notes_after(desk.conversation, seq)] == ["fragile"]
    assert list(notes_after(desk.conversation, seq + 1)) == []


def test_a_note_sent_twice_is_one(desk):
    sara = add_person("Sara")

    first, second = (write(desk, sara, "fragile") for _ in range(2))

    assert first.id == second.id
    assert len(desk.rows(Note)) == 1


def test_the_same_note_at_the_same_moment_is_one(desk):
    sara_id, conversation_id = add_person("Sara").id, desk.conversation.id

    made = desk.together(*[lambda: write_note(conversation_id, sara_id, "fragile", (), "n-1", NOON).id] * 2)

    assert made[0] == made[1]
    assert len(desk.rows(Note)) == 1


@pytest.mark.parametrize("words", ["", " \n ", "x" * 10_001])
def test_a_note_of_nothing_or_of_too_much_is_refused(desk, words):
    with pytest.raises(Refused):
        write(desk, add_person("Sara"), words)

    assert desk.rows(Note) == []


def test_who_is_mentioned_is_told_once(desk):
    sara, ali = add_person("Sara"), add_person("علی رضایی")

    note = write(desk, sara, "@علی رضایی can you look?", [ali.id, ali.id])

    assert [one.operator_id for one in desk.rows(Mention, note_id=note.id)] == [ali.id]
    told = desk.rows(Notification)
    assert [(one.operator_id, one.by_id, one.note_id, one.kind) for one in told] == [
        (ali.id, sara.id, note.id, NotificationKind.MENTIONED)
    ]


def test_who_was_picked_and_taken_out_again_is_not(desk):
    sara, ali = add_person("Sara"), add_person("Ali")

    write(desk, sara, "can somebody look?", [ali.id])

    assert desk.rows(Mention) == []
    assert desk.rows(Notification) == []


def test_nor_who_left_the_shop_nor_who_does_not_exist(desk):
    sara, ali = add_person("Sara"), add_person("Ali")
    with transaction():
        ali.active = False

    write(desk, sara, "@Ali @Nobody", [ali.id, 99_999])

    assert desk.rows(Notification) == []


def test_mentioning_oneself_calls_nobody(desk):
    sara = add_person("Sara")

    write(desk, sara, "@Sara: tomorrow", [sara.id])

    assert len(desk.rows(Mention)) == 1
    assert desk.rows(Notification) == []


def test_ones_own_note_is_mended_and_only_new_people_are_told(desk):
    sara, ali, mina = add_person("Sara"), add_person("Ali"), add_person("Mina")
    note = write(desk, sara, "@Ali look", [ali.id])
    seq = desk.conversation.seq

    desk.call(edit_note, desk.conversation.id, note.id, sara.id, "@Ali @Mina look", [mina.id], LATER)

    note = desk.rows(Note)[0]
    assert (note.text, note.edited_at, note.seq) == ("@Ali @Mina look", LATER, seq + 1)
    assert [one.operator_id for one in desk.rows(Notification)] == [ali.id, mina.id]


def test_who_is_mentioned_no_more_need_not_read_it(desk):
    sara, ali, mina = add_person("Sara"), add_person("Ali"), add_person("Mina")
    note = write(desk, sara, "@Ali @Mina", [ali.id, mina.id])
    with transaction():
        desk.rows(Notification, operator_id=mina.id)[0].read_at = NOON

    desk.call(edit_note, desk.conversation.id, note.id, sara.id, "nobody", [], LATER)

    assert desk.rows(Mention) == []
    assert [one.operator_id for one in desk.rows(Notification)] == [mina.id]  # she has seen it


def test_a_deleted_note_keeps_no_words_and_calls_nobody(desk):
    sara, ali = add_person("Sara"), add_person("Ali")
    note = write(desk, sara, "@Ali his number is 0912", [ali.id])

    for _ in range(2):
        desk.call(delete_note, desk.conversation.id, note.id, sara.id, LATER)

    note = desk.rows(Note)[0]
    assert (note.text, note.deleted_at) == ("", LATER)
    assert desk.rows(Notification) == []
    actions = [audit.action for audit in desk.rows(Audit) if audit.action.startswith("note")]
    assert actions == ["note_written", "note_deleted"]
    assert "0912" not in str([audit.details for audit in desk.rows(Audit)])


def test_the_note_of_another_is_not_ones_to_change(desk):
    sara, owner = add_person("Sara"), add_person("Owner", Role.OWNER)
    note = write(desk, sara, "hers")

    for verb, more in ((edit_note, ("mine", (), LATER)), (delete_note, (LATER,))):
        with pytest.raises(Refused) as refused:
            desk.call(verb, desk.conversation.id, note.id, owner.id, *more)
        assert refused.value.reason == "note_not_yours"

    assert desk.rows(Note)[0].text == "hers"


@pytest.mark.sqlite_only
def test_a_deleted_note_comes_back_by_no_edit(desk):
    sara = add_person("Sara")
    note = write(desk, sara, "gone")
    desk.call(delete_note, desk.conversation.id, note.id, sara.id, LATER)

    with pytest.raises(Refused):
        desk.call(edit_note, desk.conversation.id, note.id, sara.id, "back", (), LATER)

    assert desk.rows(Note)[0].text == ""


def test_notes_of_a_customer_are_in_what_they_may_ask_to_see(desk):
    write(desk, add_person("Sara"), "pays late")

    exported = desk.call(export_customer, desk.conversation.customer_id)

    assert [row["text"] for row in exported["note"]] == ["pays late"]
