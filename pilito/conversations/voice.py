"""Whether a voice message may be the question about a post that waits: an inbox's own choice, off at first."""

from datetime import datetime

from pilito.database import transaction
from pilito.errors import Refused
from pilito.models import Audit, Inbox, db


def let_voice_ask(inbox_id: int, may_ask: bool, operator_id: int, now: datetime) -> None:
    """Keep the choice; it counts for messages that come from now on, and for posts that still wait."""
    with transaction():
        inbox = db.session.get(Inbox, inbox_id, with_for_update=True, populate_existing=True)
        if inbox is None:
            raise Refused("not_found", f"There is no inbox {inbox_id}.")
        if inbox.voice_takes_share is may_ask:
            return
        inbox.voice_takes_share = may_ask
        details = {"inbox_id": inbox_id, "may_ask": may_ask}
        db.session.add(Audit(at=now, action="voice_asks", operator_id=operator_id, details=details))
