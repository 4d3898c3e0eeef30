"""Whoever keeps an index of facts hears that it is stale."""

from sqlalchemy import update

from pilito.models import Inbox, db


def count_change(inbox_id: int | None) -> None:
    """Count a change of facts that hold for this inbox, or for all. Last in its transaction: it locks the inbox."""
    inboxes = update(Inbox).values(facts_version=Inbox.facts_version + 1)
    if inbox_id is not None:
        inboxes = inboxes.where(Inbox.id == inbox_id)
    db.session.execute(inboxes.execution_options(synchronize_session=False))
