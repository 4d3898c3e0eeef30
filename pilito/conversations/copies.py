"""The rows of our own copies: made with what points to them, dropped when nothing does."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select

from pilito import hints, keys
from pilito.channels.base import File, Referral, SharedMedia
from pilito.database import Transaction
from pilito.extensions import channels
from pilito.lifecycle import MediaKind, MediaState
from pilito.models import Attachment, Inbox, MediaFile, Message, Share, db

UNLEFT = (MediaState.PENDING, MediaState.STORED, MediaState.FAILED, MediaState.SKIPPED)


def copy_of_file(inbox: Inbox, file: File, now: datetime) -> MediaFile | None:
    """The row for a message's file; None where there is nothing to fetch."""
    channel = channels[inbox.channel]
    kind = channel.media_kinds.get(file.kind)
    if kind is None or not file.url:
        return None
    return new_copy(inbox.id, kind, file.url, now, may_keep=file.kind not in channel.never_kept)


def copy_of_share(inbox_id: int, share: SharedMedia, now: datetime) -> MediaFile | None:
    """The row for the picture or film of a shared post; None for one whose address is a page."""
    if not share.url or share.url == share.permalink or share.kind == "link":
        return None
    return new_copy(inbox_id, MediaKind.PREVIEW, share.url, now)


def copy_of_ad(inbox_id: int, referral: Referral | None, now: datetime) -> MediaFile | None:
    """The row for the picture of the advertisement that brought the customer."""
    if referral is None or not referral.picture_url:
        return None
    return new_copy(inbox_id, MediaKind.PREVIEW, referral.picture_url, now)


def new_copy(inbox_id: int, kind: MediaKind, url: str, now: datetime, may_keep: bool = True) -> MediaFile:
    state = MediaState.PENDING if may_keep else MediaState.SKIPPED
    return MediaFile(inbox_id=inbox_id, kind=kind, source_url=url, state=state, attempts=0, due_at=now, created_at=now)


def wake_copies(tx: Transaction, message: Message) -> None:
    """Have workers fetch the files of a new message, after the commit."""
    copies = [*(file.copy for file in message.attachments), message.share.copy if message.share else None, message.copy]
    for copy in dict.fromkeys(copies):
        if copy is not None:
            wake_copy(tx, copy)


def wake_copy(tx: Transaction, copy: MediaFile) -> None:
    if copy.state is MediaState.PENDING:
        tx.after_commit(_ask_for, copy)


def _ask_for(copy: MediaFile) -> None:
    hints.hint(keys.MEDIA, keys.MEDIA_JOB, copy.id)  # its id is known once it is committed


def copies_of(message: Message) -> set[int]:
    """The copies that a message points to, by id."""
    files = select(Attachment.copy_id).where(Attachment.message_id == message.id)
    shares = select(Share.copy_id).where(Share.message_id == message.id)
    found = {*db.session.scalars(files.union(shares)), message.copy_id}
    return {copy_id for copy_id in found if copy_id is not None}


def leave_copies(tx: Transaction, copy_ids: Iterable[int], now: datetime) -> None:
    """Nothing points to these any more: a worker drops them, once whoever fetches one now must have ended."""
    wanted = list(copy_ids)
    if not wanted:
        return
    for copy in db.session.scalars(
        select(MediaFile)
        .where(MediaFile.id.in_(wanted), MediaFile.state.in_(UNLEFT))
        .order_by(MediaFile.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ):
        copy.state = MediaState.DROPPED
        copy.source_url = ""
        copy.due_at = max(now, copy.lease_until or now)
        copy.lease_until = None
        tx.after_commit(hints.hint, keys.MEDIA, keys.DROP_MEDIA_JOB, copy.id)
