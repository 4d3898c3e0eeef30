"""Bearer tokens of machines: made once, shown once, kept as a hash."""

import hashlib
import logging
import secrets
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from pilito.database import transaction
from pilito.errors import Refused
from pilito.extensions import db
from pilito.models import ApiToken, Audit

log = logging.getLogger(__name__)

# So that a token in a log or a repository can be recognised by secret scanners.
PREFIX = "pilito_"
RANDOM_BYTES = 32
LONGEST_NAME = 100
TOUCH_EVERY = timedelta(minutes=1)


def issue_token(name: str, now: datetime, by_id: int | None = None) -> str:
    """Make a token and return it: the only moment in which it can be read. Raises Refused (token_name)."""
    if not 0 < len(name) <= LONGEST_NAME:
        raise Refused("token_name", f"A token has a name of 1 to {LONGEST_NAME} characters.")
    token = PREFIX + secrets.token_urlsafe(RANDOM_BYTES)
    with transaction():
        db.session.add(ApiToken(name=name, token_hash=_hash(token), created_by_id=by_id, created_at=now))
        db.session.add(Audit(at=now, action="token_made", operator_id=by_id, details={"name": name}))
    return token


def list_tokens() -> list[ApiToken]:
    """All of them, those that still open something first."""
    return list(db.session.scalars(select(ApiToken).order_by(ApiToken.revoked_at.is_not(None), ApiToken.id.desc())))


def revoke_token(token_id: int, by_id: int | None, now: datetime) -> None:
    """End a token, at once. Raises Refused (token_not_found)."""
    with transaction():
        token = db.session.get(ApiToken, token_id, populate_existing=True)
        if token is None or token.revoked_at:
            raise Refused("token_not_found", f"There is no token {token_id} that opens anything.")
        token.revoked_at = now
        db.session.add(Audit(at=now, action="token_revoked", operator_id=by_id, details={"name": token.name}))


def find_by_bearer(token: str | None, now: datetime) -> ApiToken | None:
    """Return the row of a token that is known and not revoked, and note that it was used."""
    found = _find(token) if token else None
    if found is not None and _is_touch_due(found, now):
        _touch(found.id, now)
    return found


def _find(token: str) -> ApiToken | None:
    """Look the token up by its hash: what an attacker could time is the hash of a guess, which tells nothing."""
    is_valid = (ApiToken.token_hash == _hash(token), ApiToken.revoked_at.is_(None))
    return db.session.scalar(select(ApiToken).where(*is_valid).execution_options(populate_existing=True))


def _hash(token: str) -> str:
    # Plain SHA-256, not a password hash: 256 random bits cannot be guessed, and every request pays for this.
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()


def _is_touch_due(token: ApiToken, now: datetime) -> bool:
    return token.last_used_at is None or now - token.last_used_at >= TOUCH_EVERY


def _touch(token_id: int, now: datetime) -> None:
    """Set `last_used_at`, once where many requests come together."""
    is_due = or_(ApiToken.last_used_at.is_(None), ApiToken.last_used_at <= now - TOUCH_EVERY)
    try:
        with transaction():
            db.session.execute(update(ApiToken).where(ApiToken.id == token_id, is_due).values(last_used_at=now))
    except (OperationalError, PoolTimeout) as error:
        # A busy database must not refuse a request that only reads.
        log.warning("The last use of API token %s was not noted: %s", token_id, error)
