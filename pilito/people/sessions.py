"""Log-ins of people: rows, so that each can be seen and ended. The cookie holds a secret, the database its hash."""

import hashlib
import logging
import secrets
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.orm import contains_eager

from pilito import keys, realtime
from pilito.database import DATABASE_AWAY, Transaction, is_writing, transaction
from pilito.errors import Refused
from pilito.extensions import db
from pilito.models import Audit, Operator, OperatorSession

log = logging.getLogger(__name__)

IDLE = timedelta(hours=12)
LIFE = timedelta(days=7)  # however busy
TOUCH_EVERY = timedelta(minutes=1)
FORGET_AFTER = timedelta(days=90)
SECRET_BYTES = 32
LONGEST_ADDRESS, LONGEST_BROWSER = 45, 200


def begin_session(operator: Operator, address: str | None, browser: str | None, now: datetime) -> None:
    """Log the person in, inside an open transaction; what the cookie carries is `operator.session_key` then."""
    secret = secrets.token_urlsafe(SECRET_BYTES)
    db.session.add(
        OperatorSession(
            operator_id=operator.id,
            secret_hash=_hash(secret),
            created_at=now,
            seen_at=now,
            address=(address or "")[:LONGEST_ADDRESS] or None,
            browser=(browser or "").replace("\0", "")[:LONGEST_BROWSER] or None,
        )
    )
    operator.session_key = secret


def find_session(key: str, now: datetime) -> OperatorSession | None:
    """Return the log-in of a cookie, unless it has ended by hand or by time, or its person may not log in any more."""
    wanted = select(OperatorSession).join(Operator).where(OperatorSession.secret_hash == _hash(key), *_is_open(now))
    at_once = contains_eager(OperatorSession.operator)
    return db.session.scalar(wanted.where(Operator.active).options(at_once).execution_options(populate_existing=True))


def find_open(session_ids: set[int], now: datetime) -> set[int]:
    """Return which of these log-ins still count: asked again and again by the lines that stay open."""
    wanted = select(OperatorSession.id).join(Operator).where(OperatorSession.id.in_(session_ids), *_is_open(now))
    return set(db.session.scalars(wanted.where(Operator.active))) if session_ids else set()


def note_use(session: OperatorSession, now: datetime) -> None:
    """Keep that the person was here, once a minute."""
    if now - session.seen_at < TOUCH_EVERY or is_writing():
        return
    session_id = session.id
    try:
        with transaction():
            is_due = (OperatorSession.id == session_id, OperatorSession.seen_at <= now - TOUCH_EVERY)
            seen = update(OperatorSession).where(*is_due).values(seen_at=now)
            db.session.execute(seen.execution_options(synchronize_session=False))
    except DATABASE_AWAY as error:
        # A busy database must not refuse somebody who only reads.
        log.warning("The last use of log-in %s was not noted: %s", session_id, error)


def list_sessions(operator_id: int, now: datetime) -> list[OperatorSession]:
    """The person's open log-ins, the one used last first."""
    wanted = select(OperatorSession).where(OperatorSession.operator_id == operator_id, *_is_open(now))
    return list(db.session.scalars(wanted.order_by(OperatorSession.seen_at.desc(), OperatorSession.id.desc())))


def log_out(session_id: int, operator_id: int, now: datetime) -> None:
    with transaction() as tx:
        _end(tx, session_id, "logged_out", now)
        db.session.add(Audit(at=now, action="logged_out", operator_id=operator_id))


def end_session(session_id: int, operator_id: int, now: datetime) -> None:
    """End one of one's own log-ins elsewhere. Raises Refused when it is somebody else's, or none."""
    with transaction() as tx:
        session = db.session.get(OperatorSession, session_id)
        if session is None or session.operator_id != operator_id:
            raise Refused("session_not_found", f"There is no log-in {session_id} of operator {operator_id}.")
        _end(tx, session_id, "ended_by_hand", now)
        details = {"session_id": session_id}
        db.session.add(Audit(at=now, action="session_ended", operator_id=operator_id, details=details))


def end_other_sessions(operator_id: int, but_id: int | None, now: datetime) -> int:
    """End all of one's own log-ins but this one; return how many."""
    with transaction() as tx:
        count = end_sessions(tx, operator_id, "ended_by_hand", now, but_id)
        if count:
            details = {"count": count}
            db.session.add(Audit(at=now, action="sessions_ended", operator_id=operator_id, details=details))
        return count


def end_sessions(tx: Transaction, operator_id: int, reason: str, now: datetime, but_id: int | None = None) -> int:
    """End the person's log-ins, all or all but one, inside an open transaction; their open lines are closed."""
    wanted = select(OperatorSession.id).where(
        OperatorSession.operator_id == operator_id, OperatorSession.ended_at.is_(None)
    )
    ids = [session_id for session_id in db.session.scalars(wanted) if session_id != but_id]
    for session_id in ids:
        _end(tx, session_id, reason, now)
    return len(ids)


def end_all_sessions(reason: str, now: datetime) -> None:
    """End everybody's: after a restore, log-ins that had ended since the backup would open again."""
    still_open = OperatorSession.ended_at.is_(None)
    with transaction():
        ended = update(OperatorSession).where(still_open).values(ended_at=now, end_reason=reason)
        db.session.execute(ended.execution_options(synchronize_session=False))


def close_lines(tx: Transaction, operator_id: int) -> None:
    """Have the person's open lines closed after the commit; who may come back does so with the new role."""
    tx.after_commit(realtime.close_lines, keys.operator_room(operator_id))


def forget_old(now: datetime) -> int:
    """Delete the rows of log-ins that ended long ago; return how many."""
    until = now - FORGET_AFTER
    is_old = or_(OperatorSession.ended_at <= until, OperatorSession.created_at <= until - LIFE)
    old = list(db.session.scalars(select(OperatorSession.id).where(is_old).limit(500)))
    db.session.rollback()
    if old:
        with transaction():
            for session_id in old:
                session = db.session.get(OperatorSession, session_id)
                if session is not None:
                    db.session.delete(session)
    return len(old)


def _is_open(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        OperatorSession.ended_at.is_(None),
        OperatorSession.seen_at > now - IDLE,
        OperatorSession.created_at > now - LIFE,
    )


def _end(tx: Transaction, session_id: int, reason: str, now: datetime) -> None:
    is_running = (OperatorSession.id == session_id, OperatorSession.ended_at.is_(None))
    ended = update(OperatorSession).where(*is_running).values(ended_at=now, end_reason=reason)
    db.session.execute(ended.execution_options(synchronize_session=False))
    tx.after_commit(realtime.close_lines, keys.session_room(session_id))


def _hash(secret: str) -> str:
    # Plain SHA-256: 256 random bits cannot be guessed, and every request pays for this.
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()
