"""The provider passes on a person's wish to have their data deleted: written down, stopped at once, then worked off."""

import secrets
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.exc import IntegrityError

from pilito.conversations.disconnect import find_theirs, forget_token, is_stale
from pilito.conversations.erase import digest, erase_customer, erase_inbox
from pilito.conversations.warn import warn_of_erasing
from pilito.database import transaction
from pilito.errors import Refused
from pilito.lifecycle import DeletionState
from pilito.models import Audit, DataDeletion, Inbox, db

CODE_BYTES = 12
SHOWN = 20


def request_deletion(channel: str, user_id: str, issued_at: datetime | None, now: datetime) -> str:
    """Write the wish down and stop the person's inboxes; return the code under which its state is shown.

    The same wish again, or another while one is being worked off, has the same code. One that may mean an account whose
    id at the provider we do not know (a Page's token does not tell it) waits for a person to say whom it means, or for
    the same person's next wish once their account is known.
    """
    try:
        return _request(channel, user_id, issued_at, now)
    except IntegrityError:  # the same, at the same moment
        return _request(channel, user_id, issued_at, now)


def find_deletion(code: str) -> DataDeletion | None:
    return db.session.scalar(select(DataDeletion).where(DataDeletion.code == code))


def is_being_erased(inbox_id: int) -> bool:
    """Whether a wish names this inbox that is not fulfilled yet: whatever came to it now would go with it."""
    requested = select(DataDeletion.inbox_ids).where(DataDeletion.state == DeletionState.REQUESTED)
    return any(inbox_id in inbox_ids for inbox_ids in db.session.scalars(requested))


def work_off(now: datetime) -> int:
    """Erase what was asked for, oldest first; return how many wishes were fulfilled. Safe to stop and to repeat.

    One that cannot be fulfilled, as where the store of its files is away, holds up none behind it: what went wrong
    first is raised at the end, and the next run tries again.
    """
    requested = select(DataDeletion).where(DataDeletion.state == DeletionState.REQUESTED)
    due = [(one.id, one.inbox_ids) for one in db.session.scalars(requested.order_by(DataDeletion.requested_at))]
    db.session.rollback()
    failures: list[Exception] = []
    for deletion_id, inbox_ids in due:
        try:
            _fulfil(deletion_id, inbox_ids, now)
        except Exception as error:
            db.session.rollback()
            failures.append(error)
    if failures:
        raise failures[0]
    return len(due)


def _fulfil(deletion_id: int, inbox_ids: list[int], now: datetime) -> None:
    for inbox_id in inbox_ids:
        erase_inbox(inbox_id, now)
    with transaction():
        deletion = db.session.get_one(DataDeletion, deletion_id, with_for_update=True, populate_existing=True)
        deletion.state, deletion.done_at = DeletionState.DONE, now


def _request(channel: str, user_id: str, issued_at: datetime | None, now: datetime) -> str:
    with transaction() as tx:
        known = _find(channel, user_id, issued_at)
        if known is not None and not _may_mean_another(known, issued_at):
            return known.code
        known_theirs = find_theirs(channel, user_id)
        theirs = [inbox for inbox in known_theirs if not is_stale(inbox, issued_at)]
        if known is not None and not theirs:
            return known.code
        for inbox in theirs:
            forget_token(inbox, "deletion_requested", None, now)
            warn_of_erasing(tx, inbox, now)
        if known is not None:  # whom it means was not known then: their account was connected since
            known.state, known.inbox_ids = DeletionState.REQUESTED, [inbox.id for inbox in theirs]
            return known.code
        deletion = DataDeletion(
            code=secrets.token_hex(CODE_BYTES),
            channel=channel,
            user_digest=digest(user_id),
            inbox_ids=[inbox.id for inbox in theirs],
            issued_at=issued_at,
            requested_at=now,
        )
        if not known_theirs and _may_be_meant(channel):
            deletion.state = DeletionState.UNMATCHED
        elif not theirs:  # nothing of this person is here
            deletion.state, deletion.done_at = DeletionState.DONE, now
        db.session.add(deletion)
        db.session.flush()
        return deletion.code


def _may_be_meant(channel: str) -> bool:
    """Whether there is an account of which we do not know how the provider's callbacks name it."""
    nameless = select(Inbox.id).where(Inbox.channel == channel, Inbox.app_user_id.is_(None))
    return db.session.scalar(nameless.limit(1)) is not None


# --- settled by a person ---------------------------------------------------------------------------------------------


def find_unmatched() -> Sequence[DataDeletion]:
    """The wishes of which nobody knows whom they mean, the oldest first."""
    unmatched = select(DataDeletion).where(DataDeletion.state == DeletionState.UNMATCHED)
    return db.session.scalars(unmatched.order_by(DataDeletion.requested_at).limit(SHOWN)).all()


def settle_deletion(
    deletion_id: int, inbox_id: int | None, customer_id: int | None, operator_id: int | None, now: datetime
) -> None:
    """Say whom an unmatched wish means: an account, which is erased whole, a customer, or nobody of ours.

    Raises Refused (not_found, settled_already), also where there is no such account or customer.
    """
    if customer_id is not None:
        _check_open(deletion_id)
        erase_customer(customer_id, now)
    with transaction():
        deletion = db.session.get(DataDeletion, deletion_id, with_for_update=True, populate_existing=True)
        if deletion is None:
            raise Refused("not_found", f"There is no request {deletion_id}.")
        if deletion.state is not DeletionState.UNMATCHED:
            raise Refused("settled_already", f"Request {deletion_id} is {deletion.state}.")
        if inbox_id is not None:
            inbox = db.session.get(Inbox, inbox_id, with_for_update=True, populate_existing=True)
            if inbox is None or inbox.channel != deletion.channel:
                raise Refused("not_found", f"There is no inbox {inbox_id} of this channel.")
            forget_token(inbox, "deletion_requested", operator_id, now)
            deletion.state, deletion.inbox_ids = DeletionState.REQUESTED, [inbox_id]
        else:
            deletion.state, deletion.done_at = DeletionState.DONE, now
        details = {"deletion_id": deletion_id, "inbox_id": inbox_id, "customer": customer_id is not None}
        db.session.add(Audit(at=now, action="settled_deletion", operator_id=operator_id, details=details))


def _check_open(deletion_id: int) -> None:
    deletion = db.session.get(DataDeletion, deletion_id)
    if deletion is None or deletion.state is not DeletionState.UNMATCHED:
        raise Refused("settled_already", f"Request {deletion_id} is not open.")


def _may_mean_another(known: DataDeletion, issued_at: datetime | None) -> bool:
    """Whether this is a newer wish than the one that waits, which may be about an account that is known by now."""
    return known.state is DeletionState.UNMATCHED and issued_at is not None and issued_at != known.issued_at


def _find(channel: str, user_id: str, issued_at: datetime | None) -> DataDeletion | None:
    """The same request, or one that is not done yet; locked before any inbox, as by the person who settles it."""
    whose = select(DataDeletion).where(DataDeletion.channel == channel, DataDeletion.user_digest == digest(user_id))
    is_same: ColumnElement[bool] = DataDeletion.state.in_((DeletionState.REQUESTED, DeletionState.UNMATCHED))
    if issued_at is not None:
        is_same = is_same | (DataDeletion.issued_at == issued_at)
    locked = whose.where(is_same).limit(1).with_for_update().execution_options(populate_existing=True)
    return db.session.scalar(locked)
