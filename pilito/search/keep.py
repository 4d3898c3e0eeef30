"""The words of a row change with the row, in the same transaction: what is written is found, what was unsent is not.

A listener, and not a call in each verb that writes a text: there are a dozen of them, and a forgotten one would show an
unsent message to whoever searches for it. What statements change past the objects (erasing) goes with its customer.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import Any

from sqlalchemy import bindparam, delete, event, func, insert, inspect, select, text
from sqlalchemy.orm import Session

from pilito.lifecycle import MessageType
from pilito.models import Attachment, Conversation, Customer, Message, Note, Reading, Share
from pilito.models.search_entry import SearchEntry, SearchKind, place_of
from pilito.search.terms import SIGILS, endings_of, kept_words, mark_conversation, mark_inbox, mark_sender

Row = dict[str, Any]
ENTRY = SearchEntry.__table__
AS_VECTOR = func.array_to_tsvector(func.string_to_array(bindparam("words"), " "))
INTO_FTS5 = text("INSERT INTO search_index (rowid, words) VALUES (:id, :words)")
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
    ids: dict[SearchKind, list[int]] = {}
    for kind, target_id in known:
        ids.setdefault(kind, []).append(target_id)
    for kind, target_ids in ids.items():
        connection.execute(delete(ENTRY).where(ENTRY.c.target_id.in_(target_ids), ENTRY.c.kind == int(kind)))
    if not entries:
        return
    if connection.dialect.name == "postgresql":
        connection.execute(insert(ENTRY).values(words=AS_VECTOR), entries)
        return
    # In the order of their ids, and not by a trigger: FTS5 ends a segment of its index at every id that is smaller than
    # the one before, and wherever a statement with a trigger begins. One for each row made this thirty times slower.
    entries.sort(key=itemgetter("id"))
    connection.execute(insert(ENTRY), entries)
    connection.execute(INTO_FTS5, entries)


# --- what is found by which words ------------------------------------------------------------------------------------


def entries_of(session: Session, row: Any, are_files_at_hand: bool) -> Iterator[Row]:
    """The entry of a row; none where it has no words, or was unsent. A message's files are at hand where it is new, and
    where they were read with it; otherwise they are asked for."""
    if isinstance(row, Message):
        if row.deleted_at is None:
            yield from _of_message(
                SearchKind.MESSAGE, row, row.words, *_words_of_files(session, row, are_files_at_hand)
            )
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
        yield _row(SearchKind.CUSTOMER, row.id, row.created_at, row.id, None, words, [mark_inbox(row.inbox_id)])


def _of_message(kind: SearchKind, message: Message, *texts: str | None) -> Iterator[Row]:
    marks = [mark_sender(message.sender)]
    yield from _in_conversation(kind, message.id, message.sent_at, message.conversation, marks, *texts)


def _in_conversation(
    kind: SearchKind, target_id: int, at: datetime, conversation: Conversation, marks: list[str], *texts: str | None
) -> Iterator[Row]:
    where = [mark_inbox(conversation.inbox_id), mark_conversation(conversation.id), *marks]
    if words := kept_words(*texts):
        yield _row(kind, target_id, at, conversation.customer_id, conversation.id, words, where)


def _row(
    kind: SearchKind,
    target_id: int,
    at: datetime,
    customer_id: int,
    conversation_id: int | None,
    words: list[str],
    marks: list[str],
) -> Row:
    return {
        "id": place_of(at, target_id, kind),
        "kind": int(kind),
        "target_id": target_id,
        "customer_id": customer_id,
        "conversation_id": conversation_id,
        "words": " ".join([*(SIGILS[kind] + word for word in words), *marks]),
    }


def _words_of_files(session: Session, message: Message, are_at_hand: bool) -> list[str | None]:
    """The names of its files, and what was read of them.

    The file of a shared post is called by its caption, which is found as the post.
    """
    if message.message_type is MessageType.SHARE:
        return []
    if are_at_hand:
        files: Iterable[Attachment] = inspect(message).dict.get("attachments", ())
        readings: list[Reading | None] = [inspect(file).dict.get("reading") for file in files]
        return [*(file.title for file in files), *(reading.text for reading in readings if reading)]
    titles = select(Attachment.title).where(Attachment.message_id == message.id)
    read = select(Reading.text).where(Reading.message_id == message.id)
    return [*session.scalars(titles), *session.scalars(read)]
