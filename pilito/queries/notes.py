"""The notes of a conversation, and whom a note may mention."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload, selectinload

from pilito.models import Conversation, Mention, Message, Note, Operator, db


def notes_between(conversation: Conversation, since: datetime | None, until: datetime | None) -> Sequence[Note]:
    """All of them: nobody would miss the one that a limit left out."""
    wanted = _notes_of(conversation)
    if since:
        wanted = wanted.where(Note.created_at >= since)
    if until:
        wanted = wanted.where(Note.created_at < until)
    return db.session.scalars(wanted).all()


def notes_after(conversation: Conversation, seq: int) -> Sequence[Note]:
    return db.session.scalars(_notes_of(conversation).where(Note.seq > seq)).all()


def message_at(conversation: Conversation, note_id: int) -> int | None:
    """The message at which the conversation is opened to show the note: the newest before it, else the first of all."""
    note = db.session.get(Note, note_id)
    if note is None or note.conversation_id != conversation.id:
        return None
    here = select(Message.id).where(Message.conversation_id == conversation.id)
    before = here.where(Message.sent_at <= note.created_at).order_by(Message.sent_at.desc(), Message.id.desc())
    found = db.session.scalar(before.limit(1))
    return found or db.session.scalar(here.order_by(Message.sent_at, Message.id).limit(1))


def _notes_of(conversation: Conversation) -> Select[Note]:
    return (
        select(Note)
        .where(Note.conversation_id == conversation.id)
        .options(joinedload(Note.operator), selectinload(Note.mentions).joinedload(Mention.operator))
        .order_by(Note.created_at, Note.id)
        .execution_options(populate_existing=True)
    )


def list_colleagues() -> Sequence[Operator]:
    """Whom a note can mention."""
    return db.session.scalars(select(Operator).where(Operator.active).order_by(Operator.name, Operator.id)).all()
