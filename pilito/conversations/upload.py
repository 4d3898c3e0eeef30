"""A person of the shop chooses a file to send: it is looked at, and kept in our own store until it is sent.

What they never send is dropped after a day (tidy_media.py).
"""

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import BinaryIO

from sqlalchemy import select

from pilito import hints, keys
from pilito.channels.base import Card, FileRule, OutboundFile
from pilito.conversations import media_mark
from pilito.conversations.lock import get_locked
from pilito.conversations.payload import Extras, own_id, own_ids
from pilito.database import transaction
from pilito.errors import MediaError, Refused, Unsendable
from pilito.extensions import channels, media_store, settings
from pilito.lifecycle import InboxState, MediaKind, MediaState
from pilito.media.look import look_at
from pilito.media.store import CHUNK_BYTES, name_of
from pilito.models import Conversation, MediaFile, db

log = logging.getLogger(__name__)

KINDS = {kind.value: kind for kind in (MediaKind.IMAGE, MediaKind.VIDEO, MediaKind.VOICE, MediaKind.FILE)}
SOURCE = "upload:"  # where such a file came from: the conversation for which it was chosen
WHILE_KEPT = timedelta(hours=1)  # who fetches or drops files leaves the row alone so long
# What is wrong with a file, in the words of a channel's rules.
WRONG = {"too_large": "file_too_large", "empty": "file_empty"}


def upload(conversation_id: int, kind: str, file: BinaryIO, now: datetime) -> MediaFile:
    """Keep the file for a reply in this conversation; return its row.

    Raises Refused (not_found, inbox_stopped, public_url_closed), Unsendable (file_format, file_too_large, file_empty)
    and MediaError where the store does not take it.
    """
    inbox_id, rule = _rule(conversation_id, kind)
    sha256, size_bytes = _measure(file, rule.limit_bytes)
    try:
        look = look_at(KINDS[kind], file)
    except MediaError as error:
        raise Unsendable(WRONG.get(error.reason, "file_format"), str(error)) from error
    if look.mime_type not in rule.types:
        raise Unsendable("file_format", f"Expected one of {', '.join(rule.types)}, but it is {look.mime_type}.")
    with transaction():
        if get_locked(conversation_id).customer.is_going:  # what had been chosen may have been gone through
            raise Refused("not_found", f"Conversation {conversation_id} is being erased.")
        media = MediaFile(
            inbox_id=inbox_id,
            kind=KINDS[kind],
            source_url=f"{SOURCE}{conversation_id}",
            state=MediaState.PENDING,
            attempts=0,
            due_at=now + WHILE_KEPT,
            lease_until=now + WHILE_KEPT,
            created_at=now,
            mime_type=look.mime_type,
            size_bytes=size_bytes,
            sha256=sha256,
            width=look.width,
            height=look.height,
        )
        db.session.add(media)
        db.session.flush()
        media.key = name_of(sha256, media.id)
        media_id, name = media.id, media.key
    file.seek(0)
    media_store.put(name, file, size_bytes, look.mime_type)
    kept = _finish(conversation_id, media_id, now)
    if kept is None:
        _let_go(name)
        raise Refused("not_found", f"Conversation {conversation_id} is being erased, or was.")
    return kept


def _finish(conversation_id: int, media_id: int, now: datetime) -> MediaFile | None:
    """Say that the file is in the store; None where whom it was for was being erased meanwhile, or their account."""
    with transaction() as tx:
        media = db.session.get(MediaFile, media_id, with_for_update=True, populate_existing=True)
        if media is not None and media.state is MediaState.DROPPED:  # their erasing began: now it can go
            media.due_at = now
            tx.after_commit(hints.hint, keys.MEDIA, keys.DROP_MEDIA_JOB, media_id)
            return None
        # An account's erasing takes its conversations before the rows of its files.
        if media is None or db.session.scalar(select(Conversation.id).filter_by(id=conversation_id)) is None:
            return None
        media.state, media.lease_until = MediaState.STORED, None
        return media


def _let_go(name: str) -> None:
    """No row may be there by now that would say it. Where the store is away tidy_media.py drops it, as nobody's."""
    try:
        media_mark.drop([name])
    except MediaError as error:
        log.warning("A file of whom was erased is not dropped yet: %s", error)


def _rule(conversation_id: int, kind: str) -> tuple[int, FileRule]:
    """The inbox, and what its channel takes of this kind; the session is given back."""
    conversation = db.session.get(Conversation, conversation_id)
    try:
        if conversation is None:
            raise Refused("not_found", f"There is no conversation {conversation_id}.")
        if conversation.inbox.state is InboxState.STOPPED:
            raise Refused("inbox_stopped", "This inbox is disconnected; connect it again, then send.")
        check_reachable()
        rule = channels[conversation.inbox.channel].sends.get(kind)
        if rule is None or kind not in KINDS:
            raise Unsendable("file_format", f"Expected a kind of {', '.join(KINDS)}.")
        return conversation.inbox_id, rule
    finally:
        db.session.rollback()


def check_reachable() -> None:
    """The provider fetches what we send from PUBLIC_URL, over TLS; in the demo it lives on this machine."""
    if not settings.demo and not settings.public_url.startswith("https://"):
        raise Refused("public_url_closed", "PUBLIC_URL must begin with https://, so that the provider can fetch files.")


def _measure(file: BinaryIO, limit_bytes: int) -> tuple[str, int]:
    digest, size_bytes = hashlib.sha256(), 0
    file.seek(0)
    while chunk := file.read(CHUNK_BYTES):
        digest.update(chunk)
        size_bytes += len(chunk)
        if size_bytes > limit_bytes:
            raise Unsendable("file_too_large", f"Expected at most {limit_bytes} bytes.")
    if not size_bytes:
        raise Unsendable("file_empty", "There is nothing in the file.")
    return digest.hexdigest(), size_bytes


def described(conversation: Conversation, extras: Extras) -> Extras:
    """The reply with what we know of its uploaded files. Raises Unsendable for one that is not of this conversation."""
    wanted = own_ids(extras)
    if not wanted:
        return extras
    check_reachable()
    known = {media.id: media for media in _uploads(conversation, wanted)}
    if set(wanted) - set(known):
        raise Unsendable("file_unknown", "Expected a file that was uploaded for this conversation.")
    return replace(
        extras,
        file=_described(extras.file, known) if extras.file else None,
        cards=tuple(_checked_card(card, known) for card in extras.cards),
    )


def _uploads(conversation: Conversation, media_ids: Sequence[int]) -> Sequence[MediaFile]:
    return db.session.scalars(
        select(MediaFile).where(
            MediaFile.id.in_(media_ids),
            MediaFile.source_url == f"{SOURCE}{conversation.id}",
            MediaFile.state == MediaState.STORED,
        )
    ).all()


def _described(file: OutboundFile, known: dict[int, MediaFile]) -> OutboundFile:
    media = known.get(own_id(file.url) or 0)
    if media is None:
        return file
    return replace(file, kind=media.kind.value, content_type=media.mime_type, size_bytes=media.size_bytes)


def _checked_card(card: Card, known: dict[int, MediaFile]) -> Card:
    media = known.get(own_id(card.image_url) or 0)
    if media is not None and media.kind is not MediaKind.IMAGE:
        raise Unsendable("file_format", "Expected a picture on the card.")
    return card
