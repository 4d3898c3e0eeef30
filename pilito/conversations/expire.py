"""The wait of a share ends without a question: nothing is answered."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, select, update

from pilito import realtime
from pilito.conversations import pending_share, tally
from pilito.conversations.lock import get_locked, mark_changed
from pilito.conversations.pair import log_timeout
from pilito.database import Transaction, transaction
from pilito.errors import Refused
from pilito.lifecycle import ShareState
from pilito.models import Conversation, Message, Share, db

BATCH = 200
STATE_OF = select(Share.state).where(Share.message_id == bindparam("message"))
STAMP = (
    update(Message)
    .where(Message.id == bindparam("message"))
    .values(seq=bindparam("new"))
    .execution_options(synchronize_session=False)
)


def end_wait(conversation_id: int, share_message_id: int, now: datetime) -> bool:
    """End the wait of this share if its time is over, and with it all waits that are over; say whether it is over.

    Waits that end together (a post many share in the same minute) would each pay for a commit of their own; the first
    timer ends them all, and the others find nothing to do.
    """
    if _state_of(share_message_id) is ShareState.WAITING:
        while expire_due(now) == BATCH:
            pass
    if _state_of(share_message_id) is ShareState.WAITING:  # its conversation was being written just then
        expire(conversation_id, share_message_id, now)
    return _state_of(share_message_id) is ShareState.EXPIRED


def _state_of(share_message_id: int) -> ShareState | None:
    state = db.session.scalar(STATE_OF, {"message": share_message_id})
    db.session.rollback()
    return state


def expire(conversation_id: int, share_message_id: int, now: datetime) -> bool:
    """Move this one share from waiting to expired if its time is over; say whether it did.

    A share that a question took, that a newer one superseded, or whose time is not over stays as it is: the timer of
    an older share cannot end the wait of a newer one, and a timer that fires early, twice or late does no harm.
    """
    with transaction() as tx:
        try:
            conversation = get_locked(conversation_id)
        except Refused:
            return False  # erased in the meantime
        share = db.session.scalar(
            db.select(Share).where(Share.message_id == share_message_id).execution_options(populate_existing=True)
        )
        if share is None or share.state is not ShareState.WAITING or now < share.expires_at:
            return False
        share.state = ShareState.EXPIRED
        tally.mark(share.sent_at, now)
        mark_changed(tx, conversation, share.message)
        _tell(tx, conversation_id, share_message_id)
        return True


def expire_due(now: datetime) -> int:
    """Move up to BATCH shares whose time is over from waiting to expired, in one transaction; return how many.

    A conversation that another worker is writing is left out: its own timer comes to it, or the sweep.
    """
    with transaction() as tx:
        conversations = _lock(_due(now))
        # By compare-and-set: a question may have taken one between the look and the lock.
        expired = db.session.execute(
            update(Share)
            .where(
                Share.conversation_id.in_(conversations),
                Share.state == ShareState.WAITING,
                Share.expires_at <= now,
            )
            .values(state=ShareState.EXPIRED)
            .returning(Share.conversation_id, Share.message_id, Share.sent_at)
            .execution_options(synchronize_session=False)
        ).all()
        _mark_changed(tx, {row.conversation_id: row.message_id for row in expired})
        for row in expired:
            tally.mark(row.sent_at, now)
            _tell(tx, row.conversation_id, row.message_id)
        return len(expired)


def _due(now: datetime) -> Sequence[int]:
    """The conversations of the shares that are due; each has one waiting share at most."""
    return db.session.scalars(
        select(Share.conversation_id)
        .where(Share.state == ShareState.WAITING, Share.expires_at <= now)
        .order_by(Share.expires_at)
        .limit(BATCH)
    ).all()


def _lock(conversation_ids: Sequence[int]) -> Sequence[int]:
    """Lock those that nobody else holds; in the order of their ids, so that two batches cannot wait for each other."""
    return db.session.scalars(
        select(Conversation.id)
        .where(Conversation.id.in_(conversation_ids))
        .order_by(Conversation.id)
        .with_for_update(skip_locked=True)
    ).all()


def _mark_changed(tx: Transaction, changed: dict[int, int]) -> None:
    """What `mark_changed` does, for many conversations and one message of each."""
    seqs = db.session.execute(
        update(Conversation)
        .where(Conversation.id.in_(changed))
        .values(seq=Conversation.seq + 1)
        .returning(Conversation.id, Conversation.seq)
        .execution_options(synchronize_session=False)
    ).all()
    for conversation_id, seq in seqs:
        db.session.execute(STAMP, {"message": changed[conversation_id], "new": seq})
        tx.after_commit(realtime.changed, conversation_id, seq)


def _tell(tx: Transaction, conversation_id: int, share_message_id: int) -> None:
    tx.after_commit(pending_share.forget, conversation_id, share_message_id)
    tx.after_commit(log_timeout, share_message_id)
