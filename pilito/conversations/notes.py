"""What people of the shop tell each other beside a conversation.

A note is no message: nothing that sends knows this table. It takes nothing over, answers nothing and opens nothing.
"""

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import delete, select

from pilito import realtime
from pilito.conversations.lock import get_locked, mark_changed
from pilito.conversations.notify import notify
from pilito.database import Transaction, transaction
from pilito.errors import Refused
from pilito.lifecycle import NotificationKind
from pilito.models import Audit, Conversation, Mention, Note, Notification, Operator, db
from pilito.spelling import storable

LONGEST_NOTE_CHARACTERS = 10_000


def write_note(
    conversation_id: int, operator_id: int, text: str, mentioned: Collection[int], client_id: str, now: datetime
) -> Note:
    """Keep a note and tell whom it mentions; the same `client_id` again returns the same note.

    Raises Refused (not_found, note_empty, note_too_long).
    """
    text, client_id = _checked(text), storable(client_id)
    with transaction() as tx:
        conversation = get_locked(conversation_id)
        known = db.session.scalar(
            select(Note).where(Note.conversation_id == conversation.id, Note.client_id == client_id)
        )
        if known is not None:
            return known
        note = Note(
            conversation_id=conversation.id, operator_id=operator_id, text=text, client_id=client_id, created_at=now
        )
        conversation.returned_at = None  # somebody has seen to it
        mark_changed(tx, conversation)
        note.seq = conversation.seq
        db.session.add(note)
        db.session.flush()
        _mention(tx, conversation, note, mentioned, operator_id, now)
        _audit("note_written", conversation, note, operator_id, now)
        return note


def edit_note(
    conversation_id: int, note_id: int, operator_id: int, text: str, mentioned: Collection[int], now: datetime
) -> None:
    """Write one's own note anew; whom it newly mentions is told. Raises Refused as `write_note`, and note_not_yours."""
    text = _checked(text)
    with transaction() as tx:
        conversation = get_locked(conversation_id)
        note = _get_own(conversation, note_id, operator_id)
        if note.deleted_at is not None:
            raise Refused("not_found", f"The note {note_id} was deleted.")
        # A mention that stands there already needs nobody to pick it again.
        mentioned = {*mentioned, *(mention.operator_id for mention in note.mentions)}
        note.text, note.edited_at = text, now
        _mention(tx, conversation, note, mentioned, operator_id, now)
        mark_changed(tx, conversation)
        note.seq = conversation.seq
        _audit("note_edited", conversation, note, operator_id, now)


def delete_note(conversation_id: int, note_id: int, operator_id: int, now: datetime) -> None:
    """Take one's own note back: its words are gone for good, and a line says that there was one."""
    with transaction() as tx:
        conversation = get_locked(conversation_id)
        note = _get_own(conversation, note_id, operator_id)
        if note.deleted_at is not None:
            return
        note.text, note.deleted_at = "", now
        _mention(tx, conversation, note, (), operator_id, now)
        mark_changed(tx, conversation)
        note.seq = conversation.seq
        _audit("note_deleted", conversation, note, operator_id, now)


def _checked(text: str) -> str:
    text = storable(text).strip()
    if not text:
        raise Refused("note_empty", "A note needs a text.")
    if len(text) > LONGEST_NOTE_CHARACTERS:
        raise Refused("note_too_long", f"A note has at most {LONGEST_NOTE_CHARACTERS} characters.")
    return text


def _get_own(conversation: Conversation, note_id: int, operator_id: int) -> Note:
    note = db.session.scalar(
        select(Note)
        .where(Note.id == note_id, Note.conversation_id == conversation.id)
        .execution_options(populate_existing=True)
    )
    if note is None:
        raise Refused("not_found", f"There is no note {note_id} in conversation {conversation.id}.")
    if note.operator_id != operator_id:
        raise Refused("note_not_yours", "Only who wrote a note changes it.")
    return note


def _mention(
    tx: Transaction, conversation: Conversation, note: Note, wanted: Iterable[int], by_id: int, now: datetime
) -> None:
    """Make the note's mentions what its text says, and tell those who are new among them.

    The browser says whom the writer picked, for two people may have one name; the text decides whether they are still
    named.
    """
    named = {one.id for one in _operators(wanted) if f"@{one.name}" in note.text}
    known = set(db.session.scalars(select(Mention.operator_id).where(Mention.note_id == note.id)))
    gone = known - named
    if gone:
        db.session.execute(delete(Mention).where(Mention.note_id == note.id, Mention.operator_id.in_(gone)))
        # Who has not read of it yet need not.
        db.session.execute(
            delete(Notification).where(
                Notification.note_id == note.id, Notification.operator_id.in_(gone), Notification.read_at.is_(None)
            )
        )
        for person_id in gone:
            tx.after_commit(realtime.notified, person_id, None)
    for person_id in sorted(named - known):
        db.session.add(Mention(note_id=note.id, operator_id=person_id))
        notify(tx, person_id, NotificationKind.MENTIONED, conversation, now, by_id, note.id)
    db.session.flush()
    db.session.expire(note, ["mentions"])


def _operators(ids: Iterable[int]) -> list[Operator]:
    return list(db.session.scalars(select(Operator).where(Operator.id.in_(set(ids)), Operator.active)))


def _audit(action: str, conversation: Conversation, note: Note, operator_id: int, now: datetime) -> None:
    details = {"note_id": note.id}
    db.session.add(
        Audit(at=now, action=action, operator_id=operator_id, conversation_id=conversation.id, details=details)
    )
