"""People of the shop."""

from datetime import datetime

from sqlalchemy import func, select

from pilito.extensions import db
from pilito.models import OperatorSession


def last_seen() -> dict[int, datetime]:
    """When each person was last here, as far as their log-ins are still kept."""
    newest = func.max(OperatorSession.seen_at)
    rows = db.session.execute(select(OperatorSession.operator_id, newest).group_by(OperatorSession.operator_id))
    return dict(row.tuple() for row in rows)
