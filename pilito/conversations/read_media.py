"""A voice note is written down, a picture described: from our own copy, beside everything else, a few times at most.

The turn that holds the file waits for it, `WAIT` at the longest; then a person is asked (docs/decisions/0028).
"""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import func, select

from pilito import hints, keys
from pilito.assistant.reader import Understood, place_of_pictures, place_of_sounds
from pilito.clock import Clock
from pilito.conversations import spending, turns
from pilito.conversations.contents import own_content
from pilito.conversations.lock import get_locked, mark_changed
from pilito.conversations.pairing import combined_content
from pilito.database import Transaction, transaction
from pilito.errors import MediaError
from pilito.extensions import media_store, settings
from pilito.lifecycle import MediaKind, MediaState, MessageType, ProcessingStatus, ReadingState
from pilito.models import Attachment, Conversation, MediaFile, Message, Reading, Share, Turn, db

log = logging.getLogger(__name__)

WAIT = timedelta(seconds=45)  # of the turn; a customer who waited longer is better served by a person
LEASE = timedelta(seconds=120)  # above the longest call
BACK_OFF = (timedelta(seconds=4), timedelta(seconds=15))  # after the first try, the second
TRIES = len(BACK_OFF) + 1
NO_COPY_YET = timedelta(seconds=60)  # after it is tried next: its fetching wakes us; this is for a wake that was lost
TYPES = {MessageType.IMAGE, MessageType.VOICE}


class Reader(Protocol):
    """Raises MediaError, whose `may_pass` says whether a later try may do better."""

    def describe(self, picture: bytes, mime_type: str) -> Understood: ...
    def transcribe(self, sound: bytes, mime_type: str) -> Understood: ...


@dataclass(frozen=True)
class _Claim:
    """The right to read one file, as long as its row says the same number of attempts."""

    reading_id: int
    conversation_id: int
    attempt: int
    kind: MediaKind
    name: str
    size_bytes: int
    mime_type: str


# --- with the message ------------------------------------------------------------------------------------------------


def begin_readings(message: Message, now: datetime) -> None:
    """Note which files of a new message are to be read, where that is switched on. The caller flushes."""
    if message.message_type not in TYPES:
        return
    for file in message.attachments:
        if file.copy is not None and file.copy.state is not MediaState.SKIPPED and _is_read(file.copy.kind):
            file.reading = Reading(
                message=message, kind=file.copy.kind, state=ReadingState.PENDING, attempts=0, due_at=now, created_at=now
            )
            message.processing_status = ProcessingStatus.PENDING


def _is_read(kind: MediaKind) -> bool:
    places = {MediaKind.IMAGE: place_of_pictures, MediaKind.VOICE: place_of_sounds}
    return kind in places and places[kind](settings) is not None


def wake_reading(tx: Transaction, copy: MediaFile, now: datetime) -> None:
    """The copy is there, or will never be: have its file read."""
    if copy.kind not in (MediaKind.IMAGE, MediaKind.VOICE):
        return
    waiting = (
        select(Reading)
        .join(Attachment, Reading.attachment_id == Attachment.id)
        .where(Attachment.copy_id == copy.id, Reading.state == ReadingState.PENDING)
    )
    for reading in db.session.scalars(waiting):
        reading.due_at = now
        tx.after_commit(hints.hint, keys.READINGS, keys.READ_JOB, reading.id)


def waits_until(turn: Turn, messages: Sequence[Message], now: datetime) -> datetime | None:
    """How long the turn waits for files that are being read; None when it can be answered now."""
    being_read = [message.id for message in messages if message.processing_status is ProcessingStatus.PENDING]
    if not being_read:
        return None
    newest = db.session.scalar(
        select(func.max(Reading.created_at)).where(
            Reading.message_id.in_(being_read), Reading.state == ReadingState.PENDING
        )
    )
    if newest is None:
        return None
    # Also for one who goes on sending pictures there is an end.
    until: datetime = min(newest, turns.last_due_at(turn)) + WAIT
    return until if until > now else None


def are_read(messages: Iterable[Message]) -> bool:
    """Whether every file of these messages has become words."""
    files = [file for message in messages for file in message.attachments]
    return bool(files) and all(file.reading and file.reading.state is ReadingState.READY for file in files)


# --- the job ---------------------------------------------------------------------------------------------------------


def read_media(reading_id: int, reader: Reader, clock: Clock) -> None:
    """Read the file once, whoever asks and however often; a failure that may pass is tried again a few times."""
    claim = _claim(reading_id, clock())
    if claim is None:
        return
    try:
        understood = _understand(claim, reader)
    except MediaError as error:
        log.info("Reading %s did not work (try %s): %s", reading_id, claim.attempt, error)
        _give_up(claim, error, clock())
    except Exception as error:  # what breaks the reader goes to a person, for the sweep would ask it for ever
        log.exception("Reading %s broke the reader.", reading_id)
        _give_up(claim, MediaError("model_failed", type(error).__name__), clock())
    else:
        _settle(claim, understood, clock())


def _claim(reading_id: int, now: datetime) -> _Claim | None:
    lacks: MediaError | None = None
    with transaction():
        reading = _locked(reading_id)
        if reading is None or reading.state is not ReadingState.PENDING or reading.due_at > now:
            return None
        if reading.lease_until is not None and reading.lease_until > now:
            return None
        file, copy = db.session.execute(
            select(Attachment, MediaFile)
            .outerjoin(MediaFile, Attachment.copy_id == MediaFile.id)
            .where(Attachment.id == reading.attachment_id)
        ).one()
        if copy is not None and copy.state is MediaState.PENDING:
            reading.due_at = max(now, copy.due_at) + NO_COPY_YET
            return None
        reading.attempts += 1
        reading.lease_until = now + LEASE
        conversation = db.session.get_one(Message, file.message_id).conversation
        if copy is None or copy.state is not MediaState.STORED or copy.key is None:
            lacks = MediaError("no_copy", "The file was not fetched.")
        elif reading.attempts > TRIES:  # workers died over it again and again
            lacks = MediaError("model_failed", "No try came to an end.")
        elif spending.used_up(conversation.customer_id, now):
            lacks = MediaError("budget_used", "The budget of the day is used up.")
        claim = _Claim(
            reading.id,
            conversation.id,
            reading.attempts,
            reading.kind,
            (copy.key or "") if copy else "",
            (copy.size_bytes or 0) if copy else 0,
            (copy.mime_type or "") if copy else "",
        )
    if lacks is not None:
        _give_up(claim, lacks, now)
        return None
    return claim


def _locked(reading_id: int) -> Reading | None:
    return db.session.scalar(
        select(Reading).where(Reading.id == reading_id).with_for_update().execution_options(populate_existing=True)
    )


def _understand(claim: _Claim, reader: Reader) -> Understood:
    with media_store.open(claim.name, claim.size_bytes) as file:
        content = file.read()
    if claim.kind is MediaKind.VOICE:
        return reader.transcribe(content, claim.mime_type)
    return reader.describe(content, claim.mime_type)


def _settle(claim: _Claim, understood: Understood, now: datetime) -> None:
    with transaction() as tx:
        conversation = get_locked(claim.conversation_id)
        reading = _ours(claim)
        if reading is None:
            return  # unsent meanwhile, or another attempt is at it
        reading.state, reading.text, reading.error = ReadingState.READY, understood.text, None
        reading.model, reading.milliseconds = understood.model[:128], understood.milliseconds
        reading.input_tokens, reading.output_tokens = understood.input_tokens, understood.output_tokens
        reading.sound_milliseconds = understood.sound_milliseconds
        spending.note_file(conversation, understood, now)
        _end(tx, conversation, reading, now)


def _give_up(claim: _Claim, error: MediaError, now: datetime) -> None:
    """Try again soon, or let a person look."""
    is_final = not error.may_pass or claim.attempt >= TRIES
    with transaction() as tx:
        conversation = get_locked(claim.conversation_id)
        reading = _ours(claim)
        if reading is None:
            return
        reading.error, reading.lease_until = error.reason[:64], None
        if is_final:
            reading.state = ReadingState.FAILED
            _end(tx, conversation, reading, now)
        else:
            reading.due_at = now + BACK_OFF[claim.attempt - 1]
            tx.after_commit(_again, reading)


def _again(reading: Reading) -> None:
    job_id = f"read-{reading.id}-{reading.attempts}"
    hints.hint_at(reading.due_at, job_id, keys.READINGS, keys.READ_JOB, reading.id)


def _ours(claim: _Claim) -> Reading | None:
    reading = _locked(claim.reading_id)
    if reading is None or reading.state is not ReadingState.PENDING or reading.attempts != claim.attempt:
        return None
    return reading


def _end(tx: Transaction, conversation: Conversation, reading: Reading, now: datetime) -> None:
    """The message says what was understood, and the turn that waited goes on."""
    reading.lease_until = None
    message = db.session.get_one(Message, reading.message_id, populate_existing=True)
    db.session.flush()
    states = set(db.session.scalars(select(Reading.state).where(Reading.message_id == message.id)))
    if ReadingState.PENDING not in states:
        is_failed = ReadingState.FAILED in states
        message.processing_status = ProcessingStatus.FAILED if is_failed else ProcessingStatus.COMPLETED
    if message.answered_by_id is None:  # what was answered keeps what was read then
        message.content = _content(message)
    if message.processing_status is not ProcessingStatus.PENDING:
        turns.go_on(tx, conversation, message, now)
    mark_changed(tx, conversation, message)


def _content(message: Message) -> str:
    taken = select(Share).where(Share.combined_with_id == message.id, Share.message_id != message.id)
    shares = db.session.scalars(taken.order_by(Share.sent_at, Share.message_id)).all()
    content = own_content(message)
    return combined_content([share.message.content for share in shares], content) if shares else content
