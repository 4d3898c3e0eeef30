"""People of the shop who may log in."""

from datetime import datetime

from sqlalchemy import select

from pilito.database import transaction
from pilito.errors import Refused
from pilito.lifecycle import Role
from pilito.models import Operator, db
from pilito.passwords import MINIMUM_LENGTH, hash_password


def add_operator(email: str, name: str, role: Role, password: str, language: str, now: datetime) -> int:
    """Let a person in. Raises Refused for an address that is none or is taken, and for a short password."""
    email = email.strip().lower()
    if "@" not in email or len(email) > 254:
        raise Refused("bad_email", f"{email!r} is not an e-mail address.")
    if len(password) < MINIMUM_LENGTH:
        raise Refused(
            "short_password", f"A password has at least {MINIMUM_LENGTH} characters; this one has {len(password)}."
        )
    with transaction():
        if db.session.scalar(select(Operator.id).where(Operator.email == email)):
            raise Refused("email_taken", f"{email} has a log-in already.")
        operator = Operator(
            email=email,
            name=name or email.split("@")[0],
            role=role,
            password_hash=hash_password(password),
            language=language,
            created_at=now,
        )
        db.session.add(operator)
        db.session.flush()
        return operator.id
