"""Whoever keeps an index of facts hears that it is stale, and whoever saves an old form that the fact has moved on."""

from datetime import datetime

from sqlalchemy import update

from pilito.errors import Refused
from pilito.models import Inbox, db


def count_change(inbox_id: int | None) -> None:
    """Count a change of facts that hold for this inbox, or for all. Last in its transaction: it locks the inbox."""
    inboxes = update(Inbox).values(facts_version=Inbox.facts_version + 1)
    if inbox_id is not None:
        inboxes = inboxes.where(Inbox.id == inbox_id)
    db.session.execute(inboxes.execution_options(synchronize_session=False))


def refuse_old_page(changed_at: datetime, seen: datetime | None) -> None:
    """`seen` is when the row had been changed last as its form was opened (None: the form does not say).

    Raises Refused (page_is_old): to save the form would undo what somebody else, or an import, has written since.
    """
    if seen is not None and changed_at != seen:
        raise Refused("page_is_old", f"It was changed at {changed_at.isoformat()}, after the form was opened.")
