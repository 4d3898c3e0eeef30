"""A file that a provider keeps for a while becomes our own copy, beside everything else: no message waits for it."""

import hashlib
import logging
import tempfile
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import BinaryIO, cast

from sqlalchemy import select

from pilito.clock import Clock
from pilito.conversations import media_mark
from pilito.conversations.copies import leave_copies
from pilito.conversations.lock import get_locked, mark_changed
from pilito.conversations.read_media import wake_reading
from pilito.database import Transaction, transaction
from pilito.errors import MediaError
from pilito.extensions import channels, media_store, settings
from pilito.lifecycle import MediaKind, MediaState
from pilito.media.look import RULES, Look, look_at
from pilito.media.store import CHUNK_BYTES, name_of, store_failed
from pilito.models import Attachment, Conversation, Customer, Inbox, MediaFile, Message, Product, Share, db
from pilito.outside import Allowed, download

log = logging.getLogger(__name__)

# Above RQ's own time-out of a job, so that a lease that ran out means a worker that is gone.
LEASE = timedelta(seconds=200)
BACK_OFF = tuple(timedelta(seconds=seconds) for seconds in (30, 120, 600, 1800))  # after the first try, the second, …
TRIES = len(BACK_OFF) + 1
# A store of ours that is away uses up no try: providers keep files for days. Then a file waits as long again as it has.
STORE_MAY_BE_AWAY = timedelta(days=2)
STORE_PAUSES = (timedelta(minutes=1), timedelta(minutes=30))  # the shortest, the longest
IN_MEMORY_BYTES = 1024 * 1024


@dataclass(frozen=True)
class _Claim:
    """The right to fetch one file, as long as its row has the same lease."""

    media_id: int
    inbox_id: int
    attempt: int
    lease_until: datetime
    created_at: datetime
    kind: MediaKind
    url: str
    hosts: Collection[str] | None  # where the provider keeps its files; None: any, for an address of the shop's own


@dataclass(frozen=True)
class _Holder:
    """Who shows the copy: a message, or a customer as their picture."""

    conversation_id: int
    message_id: int | None


def fetch_media(media_id: int, clock: Clock) -> None:
    """Fetch the file once, whoever asks and however often; a failure that may pass is tried again a few times."""
    claim = _claim(media_id, clock())
    if claim is None:
        return
    try:
        with cast(BinaryIO, tempfile.SpooledTemporaryFile(IN_MEMORY_BYTES)) as file:
            look, sha256, size_bytes = _fetch(claim, file)
            name = _name(claim, sha256)
            if name is None:
                return
            if name.endswith(f".{media_id}"):  # else another row's object has the same bytes
                file.seek(0)
                media_store.put(name, file, size_bytes, look.mime_type)
        _settle(claim, clock(), look, sha256, size_bytes)
    except MediaError as error:
        _give_up(claim, error, clock())
    except OSError as error:  # the disk of the file on its way is full, which may show only when it is read or closed
        _give_up(claim, store_failed("take in a file", error), clock())


def _claim(media_id: int, now: datetime) -> _Claim | None:
    with transaction():
        media = _locked(media_id)
        if media is None or media.state is not MediaState.PENDING or media.due_at > now:
            return None
        if media.lease_until is not None and media.lease_until > now:
            return None
        media.attempts += 1
        media.lease_until = now + LEASE
        times = (media.lease_until, media.created_at)
        claim = _Claim(media.id, media.inbox_id, media.attempts, *times, media.kind, media.source_url, _hosts(media))
    if claim.attempt > TRIES:  # workers died over it again and again
        _give_up(claim, MediaError("unreachable", "No try came to an end."), now)
        return None
    return claim


def _hosts(media: MediaFile) -> Collection[str] | None:
    """The picture of a product lies where the shop keeps it, everything else where the channel does."""
    if db.session.scalar(select(Product.id).where(Product.copy_id == media.id).limit(1)) is not None:
        return None
    hosts: Collection[str] = channels[db.session.get_one(Inbox, media.inbox_id).channel].media_hosts
    return hosts


def _locked(media_id: int) -> MediaFile | None:
    return db.session.scalar(
        select(MediaFile).where(MediaFile.id == media_id).with_for_update().execution_options(populate_existing=True)
    )


def _fetch(claim: _Claim, file: BinaryIO) -> tuple[Look, str, int]:
    """Download the file and look at it."""
    rule = RULES[claim.kind]
    allowed = Allowed(claim.hosts, settings.pilito_demo_url if settings.demo else "")
    download(claim.url, file, allowed, rule.limit_bytes, rule.seconds)
    look = look_at(claim.kind, file)
    file.seek(0)
    digest, size_bytes = hashlib.sha256(), 0
    while chunk := file.read(CHUNK_BYTES):
        digest.update(chunk)
        size_bytes += len(chunk)
    return look, digest.hexdigest(), size_bytes


def _name(claim: _Claim, sha256: str) -> str | None:
    """Write down the object's name before it is written, so that no object is ever without a row.

    Where this inbox has the same bytes already, its object is ours too: whoever drops it looks at the names of all
    rows first. None when the claim is lost.
    """
    with transaction():
        media = _locked(claim.media_id)
        if media is None or not _is_ours(media, claim):
            return None
        twin = db.session.scalar(
            select(MediaFile.key)
            .where(
                MediaFile.inbox_id == claim.inbox_id,
                MediaFile.sha256 == sha256,
                MediaFile.state == MediaState.STORED,
            )
            .limit(1)
            .with_for_update(skip_locked=True)  # one that is being dropped now is none
        )
        left = media.key
        media.key = twin or name_of(sha256, media.id)
        name: str = media.key
    if left and left != name and left.endswith(f".{claim.media_id}"):
        _let_go(left)  # an earlier try wrote other bytes
    return name


def _let_go(name: str) -> None:
    try:
        media_mark.drop([name])
    except MediaError as error:
        if error.reason != media_mark.HELD:
            raise  # else nobody names it any more, and tidy_media.py drops it once the bucket is ours


def _is_ours(media: MediaFile, claim: _Claim) -> bool:
    return media.state is MediaState.PENDING and media.lease_until == claim.lease_until


def _settle(claim: _Claim, now: datetime, look: Look, sha256: str, size_bytes: int) -> None:
    holder = _find_holder(claim.media_id)
    with transaction() as tx:
        conversation = get_locked(holder.conversation_id) if holder else None
        media = _locked(claim.media_id)
        if media is None or not _is_ours(media, claim):
            return  # left meanwhile: the row knows the object's name, and takes it along
        media.state = MediaState.STORED
        media.mime_type, media.width, media.height = look.mime_type, look.width, look.height
        media.sha256, media.size_bytes = sha256, size_bytes
        media.error = media.lease_until = None
        if conversation is not None and holder is not None:
            _show(tx, conversation, holder, media, now)
            wake_reading(tx, media, now)


def _give_up(claim: _Claim, error: MediaError, now: datetime) -> None:
    """Try again later, or say that there will be no copy."""
    log.info("File %s was not fetched (try %s): %s", claim.media_id, claim.attempt, error)
    waited = now - claim.created_at
    is_for_store = error.reason == "store_failed" and waited < STORE_MAY_BE_AWAY
    is_final = not is_for_store and (not error.may_pass or claim.attempt >= TRIES)
    holder = _find_holder(claim.media_id) if is_final else None
    with transaction() as tx:
        conversation = get_locked(holder.conversation_id) if holder else None
        media = _locked(claim.media_id)
        if media is None or not _is_ours(media, claim):
            return
        media.error, media.lease_until = error.reason, None
        if is_for_store:
            media.attempts -= 1
            media.due_at = now + min(max(waited, STORE_PAUSES[0]), STORE_PAUSES[1])
            return
        if not is_final:
            media.due_at = now + BACK_OFF[claim.attempt - 1]
            return
        media.state = MediaState.FAILED
        if conversation is not None and holder is not None:
            _show(tx, conversation, holder, media, now)
            wake_reading(tx, media, now)


def _find_holder(media_id: int) -> _Holder | None:
    """Who points to the copy; None when it was left meanwhile."""
    pointers = (
        select(Message.conversation_id, Message.id).join(Attachment).where(Attachment.copy_id == media_id),
        select(Share.conversation_id, Share.message_id).where(Share.copy_id == media_id),
        select(Message.conversation_id, Message.id).where(Message.copy_id == media_id),
        select(Conversation.id, db.null())
        .join(Customer, Conversation.customer_id == Customer.id)
        .where(Customer.next_picture_id == media_id),
    )
    found = (db.session.execute(pointer.limit(1)).first() for pointer in pointers)
    return next((_Holder(row[0], row[1]) for row in found if row is not None), None)


def _show(tx: Transaction, conversation: Conversation, holder: _Holder, media: MediaFile, now: datetime) -> None:
    """Tell the panels; a new picture of the customer takes the place of the old one."""
    if holder.message_id is not None:
        mark_changed(tx, conversation, db.session.get_one(Message, holder.message_id))
        return
    customer = conversation.customer
    if customer.next_picture_id != media.id:
        return
    is_stored = media.state is MediaState.STORED
    left = customer.picture_id if is_stored else media.id
    customer.next_picture_id = None
    if is_stored:
        customer.picture_id = media.id
    leave_copies(tx, filter(None, [left]), now)
    mark_changed(tx, conversation)
