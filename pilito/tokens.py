"""Bearer tokens of machines: made once, shown once, kept as a hash. Each ends with the right of whoever made it."""

import hashlib
import logging
import secrets
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.orm import joinedload

from pilito.database import DATABASE_AWAY, transaction
from pilito.errors import Refused
from pilito.extensions import db
from pilito.lifecycle import Role
from pilito.models import ApiToken, Audit, Operator

log = logging.getLogger(__name__)

# So that a token in a log or a repository can be recognised by secret scanners.
PREFIX = "pilito_"
RANDOM_BYTES = 32
LONGEST_NAME = 100
TOUCH_EVERY = timedelta(minutes=1)


def issue_token(name: str, now: datetime, by_id: int | None = None, only_numbers: bool = False) -> str:
    """Make a token and return it: the only moment in which it can be read. `by_id` None: the command line. One with
    `only_numbers` opens /metrics and /api/v1/stats, and nothing that a customer wrote.

    Raises Refused (token_name, not_allowed).
    """
    if not 0 < len(name) <= LONGEST_NAME:
        raise Refused("token_name", f"A token has a name of 1 to {LONGEST_NAME} characters.")
    token = PREFIX + secrets.token_urlsafe(RANDOM_BYTES)
    with transaction():
        _check_maker(by_id)
        made = {"created_by_id": by_id, "created_at": now, "only_numbers": only_numbers}
        db.session.add(ApiToken(name=name, token_hash=_hash(token), **made))
        db.session.add(Audit(at=now, action="token_made", operator_id=by_id, details={"name": name}))
    return token


def may_make(operator: Operator) -> bool:
    return operator.active and operator.may(Role.ADMIN)


def is_open(token: ApiToken) -> bool:
    """Whether it is not revoked, and whoever made it might make it today, too: they may have kept a copy. None made it:
    the command line."""
    return token.revoked_at is None and (token.created_by is None or may_make(token.created_by))


def list_tokens() -> list[ApiToken]:
    """All of them, those that still open something first."""
    newest_first = select(ApiToken).options(joinedload(ApiToken.created_by)).order_by(ApiToken.id.desc())
    return sorted(db.session.scalars(newest_first), key=is_open, reverse=True)


def open_by_maker() -> dict[int | None, list[ApiToken]]:
    """The tokens that open something, by who made them; None: made on the command line."""
    found: dict[int | None, list[ApiToken]] = {}
    for token in filter(is_open, list_tokens()):
        found.setdefault(token.created_by_id, []).append(token)
    return found


def revoke_token(token_id: int, by_id: int | None, now: datetime) -> None:
    """End a token, at once. Raises Refused (token_not_found)."""
    with transaction():
        token = db.session.get(ApiToken, token_id, with_for_update=True, populate_existing=True)
        if token is None or token.revoked_at:
            raise Refused("token_not_found", f"There is no token {token_id} that opens anything.")
        token.revoked_at = now
        db.session.add(Audit(at=now, action="token_revoked", operator_id=by_id, details={"name": token.name}))


def end_tokens_of(maker_id: int, by_id: int | None, now: datetime) -> None:
    """Revoke, inside an open transaction that holds the maker's row, whatever they made."""
    theirs = select(ApiToken).where(ApiToken.created_by_id == maker_id, ApiToken.revoked_at.is_(None))
    locked = theirs.order_by(ApiToken.id).with_for_update().execution_options(populate_existing=True)
    for token in db.session.scalars(locked).all():
        token.revoked_at = now
        details = {"name": token.name, "whom": maker_id}
        db.session.add(Audit(at=now, action="token_revoked", operator_id=by_id, details=details))


def find_by_bearer(token: str | None, now: datetime) -> ApiToken | None:
    """Return the row of a token that is known and opens something, and note that it was used."""
    found = _find(token) if token else None
    if found is None or not is_open(found):
        return None
    if _is_touch_due(found, now):
        _touch(found.id, now)
    return found


def _find(token: str) -> ApiToken | None:
    """Look the token up by its hash: what an attacker could time is the hash of a guess, which tells nothing."""
    wanted = select(ApiToken).where(ApiToken.token_hash == _hash(token)).options(joinedload(ApiToken.created_by))
    return db.session.scalar(wanted.execution_options(populate_existing=True))


def _check_maker(by_id: int | None) -> None:
    """Of somebody who is shut out in this very moment none is left: their row is locked, as by whoever does that."""
    maker = db.session.get(Operator, by_id, with_for_update=True, populate_existing=True) if by_id else None
    if maker is not None and not may_make(maker):
        raise Refused("not_allowed", f"A person who is {maker.role} makes no tokens.")


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
    except DATABASE_AWAY as error:
        # A busy database must not refuse a request that only reads.
        log.warning("The last use of API token %s was not noted: %s", token_id, error)
