"""What people choose for themselves: how they are called, where mail reaches them, how the panel looks to them."""

from datetime import datetime

from pilito.database import transaction
from pilito.errors import Refused
from pilito.extensions import db
from pilito.models import Audit, Operator
from pilito.people.open_links import end_links_of
from pilito.people.sessions import end_sessions
from pilito.people.team import check_own_password, lock_own, read_email, read_name, refuse_taken


def change_profile(operator_id: int, name: str, choices: dict[str, str], undo_seconds: int = 0) -> None:
    """Keep the name and what was chosen of language, theme, calendar, digits. Raises Refused (name_empty, and
    operator_not_found for somebody who was erased meanwhile)."""
    name = read_name(name)
    if not name:
        raise Refused("name_empty", "A person has a name.")
    with transaction():
        # Locked, as by whoever erases them in this moment: their name must not come back.
        operator = db.session.get_one(Operator, operator_id, with_for_update=True, populate_existing=True)
        if operator.erased_at:
            raise Refused("operator_not_found", f"Operator {operator_id} was erased.")
        operator.name, operator.undo_seconds = name, undo_seconds
        for column, value in choices.items():
            setattr(operator, column, value)


def change_email(operator_id: int, email: str, password: str, session_id: int | None, now: datetime) -> None:
    """Log in with another address from now on; what was opened by the old one ends: all log-ins but this one, and a
    link to a new password.

    Raises Refused (wrong_password, session_not_found, bad_email, email_taken), and Busy.
    """
    email = read_email(email)
    own = check_own_password(operator_id, password, session_id)
    with transaction() as tx:
        operator = lock_own(own, now)
        if operator.email == email:
            return
        refuse_taken(email)
        before, operator.email = operator.email, email
        end_sessions(tx, operator_id, "email_changed", now, session_id)
        end_links_of(operator_id, now)
        # So that it is found, and forgotten with the rest, when they are erased.
        db.session.add(Audit(at=now, action="email_changed", operator_id=operator_id, details={"from": before}))
