"""Lists that somebody wants to find again, for themself or for everybody."""

from datetime import datetime

from sqlalchemy import func, select

from pilito.database import transaction
from pilito.errors import Refused
from pilito.lifecycle import Role
from pilito.models import Operator, SavedView, db
from pilito.spelling import one_line

LONGEST_NAME = 60
LONGEST_QUERY = 500
MOST = 30  # of one person, and of everybody


def save_view(name: str, query: str, operator_id: int, for_all: bool, now: datetime) -> int:
    """Keep a list under a name; the same list under another name is renamed.

    Raises Refused (view_name, view_many, not_allowed: everybody's are made by admins).
    """
    name = one_line(name)
    if not 0 < len(name) <= LONGEST_NAME or len(query) > LONGEST_QUERY:
        raise Refused("view_name", f"Expected a name of 1 to {LONGEST_NAME} characters.")
    owner = None if for_all else operator_id
    with transaction():
        _refuse_if_not_theirs(owner, operator_id)
        of_owner = SavedView.operator_id.is_(None) if owner is None else SavedView.operator_id == owner
        known = db.session.scalar(select(SavedView).where(of_owner, SavedView.query == query))
        if known is not None:
            known.name = name
            return known.id
        if (db.session.scalar(select(func.count()).select_from(SavedView).where(of_owner)) or 0) >= MOST:
            raise Refused("view_many", f"There are {MOST} views already.")
        view = SavedView(operator_id=owner, name=name, query=query, created_at=now)
        db.session.add(view)
        db.session.flush()
        return view.id


def delete_view(view_id: int, operator_id: int) -> None:
    """Raises Refused (view_gone, not_allowed); another person's view is not there."""
    with transaction():
        view = db.session.get(SavedView, view_id)
        if view is None or view.operator_id not in (None, operator_id):
            raise Refused("view_gone", f"There is no view {view_id}.")
        _refuse_if_not_theirs(view.operator_id, operator_id)
        db.session.delete(view)


def _refuse_if_not_theirs(owner: int | None, operator_id: int) -> None:
    if owner is None and not db.session.get_one(Operator, operator_id).may(Role.ADMIN):
        raise Refused("not_allowed", "Everybody's views are made by admins.")
