"""The words of a row change with the row, in the same transaction: what is written is found, what was unsent is not.

A listener, and not a call in each verb that writes a text: there are a dozen of them, and a forgotten one would show an
unsent message to whoever searches for it. What statements change past the objects (erasing) goes with its customer.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Insert, and_, bindparam, delete, event, func, insert, inspect, or_, select
from sqlalchemy.orm import Session

from pilito.lifecycle import MessageType
from pilito.models import Attachment, Conversation, Customer, Message, Note, Reading, Share
from pilito.models.search_entry import SearchEntry, SearchKind, place_of
from pilito.search.terms import endings_of, kept_words, mark_conversation, mark_inbox, mark_kind, mark_sender

Row = dict[str, Any]
ENTRY = SearchEntry.__table__
AS_VECTOR = func.array_to_tsvector(func.string_to_array(bindparam("words"), " "))
# What the words of a row are made of: a change of anything else leaves them as they are.
WATCHED = {
    Message: ("text", "deleted_at", "sent_at", "conversation_id"),
    Share: ("title", "subtitle", "caption", "permalink", "own_post_id"),
    Customer: ("name", "username", "external_id"),
    Reading: ("text",),
    Note: ("text", "deleted_at"),
}
KINDS = {Message: SearchKind.MESSAGE, Share: SearchKind.SHARE, Customer: SearchKind.CUSTOMER, Note: SearchKind.NOTE}


@dataclass(frozen=True)
class Touched:
    """Rows of one flush whose words are new, are others now, or are gone."""

    added: set[Any]
    changed: set[Any]
    gone: set[Any]


@event.listens_for(Session, "after_flush")
def notice(session: Session, _context: Any) -> None:
    """Note which rows are touched, as long as the session still knows what has changed in them."""
    added = {row for row in session.new if type(row) in WATCHED}
    changed = {row for row in session.dirty if type(row) in WATCHED and _is_changed(row)}
    gone = {row for row in session.deleted if type(row) in WATCHED}
    if added or changed or gone:
        session.info["touched_words"] = Touched(added, changed - gone, gone)


@event.listens_for(Session, "after_flush_postexec")
def keep_words(session: Session, _context: Any) -> None:
    """Write the entries of what was touched, now that each row has its id and knows what it belongs to."""
    touched: Touched | None = session.info.pop("touched_words", None)
    if touched is None:
        return
    rows = {_meant(session, row) for row in touched.added | touched.changed} - {None}
    known = [_target(row) for row in (rows - touched.added) | touched.gone if not isinstance(row, Reading)]
    entries = [entry for row in rows for entry in entries_of(session, row, row in touched.added)]
    write_entries(session, entries, known)


def _is_changed(row: Any) -> bool:
    state = inspect(row)
    return any(state.attrs[name].history.has_changes() for name in WATCHED[type(row)])


def _meant(session: Session, row: Any) -> Any:
    """The row whose words these are: those of a transcript are found as its message's."""
    return session.get(Message, row.message_id) if isinstance(row, Reading) else row


def _target(row: Any) -> tuple[SearchKind, int]:
    return KINDS[type(row)], row.message_id if isinstance(row, Share) else row.id


def write_entries(session: Session, entries: list[Row], known: Iterable[tuple[SearchKind, int]]) -> None:
    """Put these in the place of what stands there for `known`."""
    connection = session.connection()
    of_known = [and_(ENTRY.c.target_id == target_id, ENTRY.c.kind == int(kind)) for kind, target_id in known]
    if of_known:
        connection.execute(delete(ENTRY).where(or_(*of_known)))
    if entries:
        connection.execute(_insert(connection.dialect.name), entries)


def _insert(dialect: str) -> Insert:
    return insert(ENTRY).values(words=AS_VECTOR) if dialect == "postgresql" else insert(ENTRY)


# --- what is found by which words ------------------------------------------------------------------------------------


def entries_of(session: Session, row: Any, is_new: bool = False) -> Iterator[Row]:
    """The entry of a row; none where it has no words, or was unsent."""
    if isinstance(row, Message):
        if row.deleted_at is None:
            yield from _of_message(SearchKind.MESSAGE, row, row.text, *_words_of_files(session, row, is_new))
    elif isinstance(row, Share):
        if row.message.deleted_at is None:
            texts = (row.title, row.subtitle, row.full_caption, row.full_permalink)
            yield from _of_message(SearchKind.SHARE, row.message, *texts)
    elif isinstance(row, Note):
        if row.deleted_at is None:
            conversation = session.get_one(Conversation, row.conversation_id)
            yield from _in_conversation(SearchKind.NOTE, row.id, row.created_at, conversation, [], row.text)
    else:
        words = [*kept_words(row.name, row.username, row.external_id), *endings_of(row.name, row.username)]
        marks = [mark_kind(SearchKind.CUSTOMER), mark_inbox(row.inbox_id)]
        yield _row(SearchKind.CUSTOMER, row.id, row.created_at, row.id, None, [*words, *marks])


def _of_message(kind: SearchKind, message: Message, *texts: str | None) -> Iterator[Row]:
    marks = [mark_sender(message.sender)]
    yield from _in_conversation(kind, message.id, message.sent_at, message.conversation, marks, *texts)


def _in_conversation(
    kind: SearchKind, target_id: int, at: datetime, conversation: Conversation, marks: list[str], *texts: str | None
) -> Iterator[Row]:
    where = [mark_kind(kind), mark_inbox(conversation.inbox_id), mark_conversation(conversation.id), *marks]
    if words := kept_words(*texts):
        yield _row(kind, target_id, at, conversation.customer_id, conversation.id, [*words, *where])


def _row(
    kind: SearchKind, target_id: int, at: datetime, customer_id: int, conversation_id: int | None, words: list[str]
) -> Row:
    return {
        "id": place_of(at, target_id, kind),
        "kind": int(kind),
        "target_id": target_id,
        "customer_id": customer_id,
        "conversation_id": conversation_id,
        "words": " ".join(words),
    }


def _words_of_files(session: Session, message: Message, is_new: bool) -> list[str | None]:
    """The names of its files, and what was read of them; a new message's files are at hand and nothing is read yet.

    The file of a shared post is called by its caption, which is found as the post.
    """
    if message.message_type is MessageType.SHARE:
        return []
    if is_new:
        files: Iterable[Attachment] = inspect(message).dict.get("attachments", ())
        return [file.title for file in files]
    titles = select(Attachment.title).where(Attachment.message_id == message.id)
    read = select(Reading.text).where(Reading.message_id == message.id)
    return [*session.scalars(titles), *session.scalars(read)]
