"""The wait of a share ends without a question: nothing is answered."""

from datetime import datetime

from pilito.conversations import pending_share
from pilito.conversations.lock import get_locked, mark_changed
from pilito.conversations.pair import log_timeout
from pilito.database import transaction
from pilito.errors import Refused
from pilito.lifecycle import ShareState
from pilito.models import Share, db


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
        mark_changed(tx, conversation, share.message)
        tx.after_commit(pending_share.forget, conversation_id, share_message_id)
        tx.after_commit(log_timeout, share_message_id)
        return True
