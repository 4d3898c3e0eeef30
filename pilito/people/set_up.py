"""The first start without anybody who may log in: whoever has the link becomes the owner."""

import hashlib
import hmac
from datetime import datetime

from flask import current_app
from sqlalchemy import exists, select, text

from pilito.database import is_sqlite, transaction
from pilito.errors import Refused
from pilito.extensions import db
from pilito.lifecycle import Role
from pilito.models import Audit, Operator
from pilito.people.team import insert_operator, read_email, strong_hash

PURPOSE = b"pilito: the link that sets the shop up"


def has_nobody() -> bool:
    """Whether nobody may log in yet: only then the link opens anything."""
    return not db.session.scalar(select(exists().where(Operator.id.is_not(None))))


def set_up_token() -> str:
    """The token of the link. Made from SECRET_KEY, so that every process and machine knows the same one, and none has
    to be kept; whoever can read that key can do more than this."""
    key = str(current_app.config["SECRET_KEY"]).encode()
    return hmac.new(key, PURPOSE, hashlib.sha256).hexdigest()[:43]


def is_right(token: str) -> bool:
    return hmac.compare_digest(token.encode(), set_up_token().encode())


def create_owner(token: str, email: str, name: str, password: str, language: str, now: datetime) -> Operator:
    """Make the owner. Raises Refused (link_over, bad_email, or why the password is weak)."""
    if not is_right(token):
        raise Refused("link_over", "This is not the link that sets the shop up.")
    email = read_email(email)
    password_hash = strong_hash(password, email, name)
    with transaction():
        if not is_sqlite():  # where one writes at a time anyhow
            db.session.execute(text("LOCK TABLE operator IN SHARE ROW EXCLUSIVE MODE"))
        if not has_nobody():
            raise Refused("link_over", "Somebody owns the shop already.")
        owner = insert_operator(email, name, Role.OWNER, password_hash, language, now)
        db.session.add(Audit(at=now, action="shop_set_up", operator_id=owner.id))
    return owner
