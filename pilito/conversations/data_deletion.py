"""The provider passes on a person's wish to have their data deleted: written down, stopped at once, then worked off."""

import secrets
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from pilito.conversations.disconnect import find_theirs, forget_token, is_stale
from pilito.conversations.erase import digest, erase_inbox
from pilito.database import transaction
from pilito.lifecycle import DeletionState
from pilito.models import DataDeletion, db

CODE_BYTES = 12


def request_deletion(channel: str, user_id: str, issued_at: datetime | None, now: datetime) -> str:
    """Write the wish down and stop the person's inboxes; return the code under which its state is shown.

    The same wish again, or another while one is being worked off, has the same code.
    """
    try:
        return _request(channel, user_id, issued_at, now)
    except IntegrityError:  # the same, at the same moment
        return _request(channel, user_id, issued_at, now)


def find_deletion(code: str) -> DataDeletion | None:
    return db.session.scalar(select(DataDeletion).where(DataDeletion.code == code))


def work_off(now: datetime) -> int:
    """Erase what was asked for, oldest first; return how many wishes were fulfilled. Safe to stop and to repeat."""
    requested = select(DataDeletion).where(DataDeletion.state == DeletionState.REQUESTED)
    due = [(one.id, one.inbox_ids) for one in db.session.scalars(requested.order_by(DataDeletion.requested_at))]
    db.session.rollback()
    for deletion_id, inbox_ids in due:
        for inbox_id in inbox_ids:
            erase_inbox(inbox_id, now)
        with transaction():
            deletion = db.session.get_one(DataDeletion, deletion_id, with_for_update=True, populate_existing=True)
            deletion.state, deletion.done_at = DeletionState.DONE, now
    return len(due)


def _request(channel: str, user_id: str, issued_at: datetime | None, now: datetime) -> str:
    with transaction():
        known = _find(channel, user_id, issued_at)
        if known is not None:
            return known.code
        theirs = [inbox for inbox in find_theirs(channel, user_id) if not is_stale(inbox, issued_at)]
        for inbox in theirs:
            forget_token(inbox, "deletion_requested", None, now)
        deletion = DataDeletion(
            code=secrets.token_hex(CODE_BYTES),
            channel=channel,
            user_digest=digest(user_id),
            inbox_ids=[inbox.id for inbox in theirs],
            issued_at=issued_at,
            requested_at=now,
        )
        if not theirs:  # nothing of this person is here
            deletion.state, deletion.done_at = DeletionState.DONE, now
        db.session.add(deletion)
        db.session.flush()
        return deletion.code


def _find(channel: str, user_id: str, issued_at: datetime | None) -> DataDeletion | None:
    """The same request, or one that is not done yet."""
    whose = select(DataDeletion).where(DataDeletion.channel == channel, DataDeletion.user_digest == digest(user_id))
    is_same = DataDeletion.state == DeletionState.REQUESTED
    if issued_at is not None:
        is_same = is_same | (DataDeletion.issued_at == issued_at)
    return db.session.scalar(whose.where(is_same).limit(1))
