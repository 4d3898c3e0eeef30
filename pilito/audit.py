"""The chain of the audit log: each row sealed onto the one before, so that a later change shows.

Rows are written by many processes at once, so they are sealed a few seconds afterwards, by one after another. A seal
holds digests. Those of words and addresses are salted: when they have to be forgotten their salt goes with them, and
the chain still holds. See docs/decisions/0045-the-audit-log-is-a-chain.md for what it shows and what it cannot.
"""

import hashlib
import json
import logging
import secrets
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import bindparam, event, exists, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapper

from pilito.database import transaction
from pilito.extensions import db
from pilito.models import Audit, AuditSeal

log = logging.getLogger(__name__)

BATCH = 500  # rows read at once while verifying
# While rows are sealed on SQLite nobody else writes: a few milliseconds, then a rest in which others have their turn.
STEP = 100
REST_SECONDS = 0.05
STEPS = 40  # in one run: a log from before the chain is sealed over many, and what else runs by the clock is not late
GENESIS = "0" * 64  # what the first seal is sealed onto
SALT_BYTES = 16
PLACE = update(Audit.__table__).where(Audit.__table__.c.id == bindparam("row")).values(position=bindparam("place"))


@dataclass
class Report:
    """What a walk along the whole chain found."""

    sealed: int = 0
    forgotten: int = 0  # rows whose words had to go; who, what and when are still sealed
    unsealed: int = 0  # written in the last seconds
    head: str = GENESIS  # the newest seal: written down elsewhere, it shows later that nothing was cut off
    problems: list[str] = field(default_factory=list)


def seal(now: datetime) -> int:
    """Seal the oldest rows that are not in the chain yet, STEPS times STEP at most; return how many.

    Two at once are harmless: one of them stops.
    """
    count = 0
    for step in range(STEPS):
        if step:
            time.sleep(REST_SECONDS)
        try:
            sealed = _seal_some(now)
        except IntegrityError:
            log.info("Somebody else is sealing the audit log.")
            return count
        count += sealed
        if sealed < STEP:
            return count
    return count


def verify(expected_head: str = "") -> Report:
    """Walk along the chain and hold every row against its seal.

    `expected_head` is one that an earlier run printed: it has to be somewhere in the chain.
    """
    report, position, is_met = Report(), 0, not expected_head
    while True:
        page = _read_page(position)
        for link, row in page:
            report.problems += _look_at(link, row, position + 1, report.head)
            position, report.head = link.id, link.seal
            report.sealed += 1
            report.forgotten += link.details_salt is None
            is_met = is_met or link.seal == expected_head
        db.session.rollback()
        if len(page) < BATCH:
            break
    report.problems += _strangers()
    if not is_met:
        report.problems.append(f"The seal {expected_head} is nowhere in the chain: rows were cut off or changed.")
    is_open = Audit.position.is_(None)
    report.unsealed = db.session.scalar(select(func.count()).select_from(Audit).where(is_open)) or 0
    db.session.rollback()
    return report


def forget(audit_ids: Iterable[int]) -> None:
    """Empty these rows, inside an open transaction: their words, and which conversation it was about."""
    ids = list(audit_ids)
    forget_words(ids)
    part(ids)


def forget_words(audit_ids: Iterable[int]) -> None:
    """Empty the details of these rows, inside an open transaction; they stay in the thread of their conversation."""
    ids = list(audit_ids)
    emptied = update(Audit).where(Audit.id.in_(ids)).values(details={})
    db.session.execute(emptied.execution_options(synchronize_session=False))
    salts = update(AuditSeal).where(AuditSeal.audit_id.in_(ids)).values(details_salt=None)
    db.session.execute(salts.execution_options(synchronize_session=False))


def part(audit_ids: Iterable[int]) -> None:
    """Take the conversation off these rows, inside an open transaction; its number stays in the seals."""
    parted = update(Audit).where(Audit.id.in_(list(audit_ids))).values(conversation_id=None)
    db.session.execute(parted.execution_options(synchronize_session=False))


def forget_addresses(audit_ids: Iterable[int]) -> None:
    """Empty the addresses of these rows, inside an open transaction."""
    ids = list(audit_ids)
    emptied = update(Audit).where(Audit.id.in_(ids)).values(address=None)
    db.session.execute(emptied.execution_options(synchronize_session=False))
    salts = update(AuditSeal).where(AuditSeal.audit_id.in_(ids)).values(address_salt=None)
    db.session.execute(salts.execution_options(synchronize_session=False))


# --- sealing ---------------------------------------------------------------------------------------------------------


def _seal_some(now: datetime) -> int:
    if not db.session.scalar(select(exists().where(Audit.position.is_(None)))):
        db.session.rollback()
        return 0
    wanted = select(Audit).where(Audit.position.is_(None)).order_by(Audit.id).limit(STEP)
    with transaction():
        last = db.session.execute(select(AuditSeal.id, AuditSeal.seal).order_by(AuditSeal.id.desc()).limit(1)).first()
        position, head = last.tuple() if last else (0, GENESIS)
        links = []
        # Locked, so that what is to be forgotten in this moment finds its seal, and not an old digest afterwards.
        for row in db.session.scalars(wanted.with_for_update()):
            position += 1
            links.append(_link(row, position, head, now))
            head = links[-1].seal
        # All at once: a flush for each row held SQLite's only writer for seconds.
        db.session.add_all(links)
        db.session.flush()
        if links:
            db.session.connection().execute(PLACE, [{"row": link.audit_id, "place": link.id} for link in links])
    if links:
        # A log that is kept elsewhere so keeps a head that nobody can change here.
        log.info("The audit log is sealed up to %s: %s", position, head)
    return len(links)


def _link(row: Audit, position: int, head: str, now: datetime) -> AuditSeal:
    details_salt, address_salt = secrets.token_hex(SALT_BYTES), secrets.token_hex(SALT_BYTES)
    link = AuditSeal(
        id=position,
        audit_id=row.id,
        conversation_id=row.conversation_id,
        details_salt=details_salt,
        details_digest=_digest(details_salt, row.details),
        address_salt=address_salt,
        address_digest=_digest(address_salt, row.address),
        sealed_at=now,
    )
    link.seal = _seal_of(link, row, head)
    return link


def _seal_of(link: AuditSeal, row: Audit, head: str) -> str:
    at = row.at.astimezone(UTC).isoformat()
    public = [link.id, link.audit_id, at, row.action, row.operator_id, link.conversation_id]
    return _digest(head, [*public, link.details_digest, link.address_digest])


def _digest(before: str, value: Any) -> str:
    """The canonical form: JSON with sorted keys, the same whichever database keeps it."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(f"{before}\n{text}".encode(errors="surrogatepass")).hexdigest()


# --- verifying -------------------------------------------------------------------------------------------------------


def _read_page(after: int) -> list[tuple[AuditSeal, Audit | None]]:
    wanted = select(AuditSeal, Audit).outerjoin(Audit, Audit.id == AuditSeal.audit_id).where(AuditSeal.id > after)
    rows = db.session.execute(wanted.order_by(AuditSeal.id).limit(BATCH).execution_options(populate_existing=True))
    return [row.tuple() for row in rows]


def _look_at(link: AuditSeal, row: Audit | None, expected: int, head: str) -> list[str]:
    """What is wrong with one row, in sentences."""
    if link.id != expected:
        return [f"Positions {expected} to {link.id - 1} are missing."]
    if row is None:
        return [f"Row {link.audit_id} (position {link.id}) is missing."]
    where = f"Row {row.id} (position {link.id})"
    problems = []
    if _seal_of(link, row, head) != link.seal:
        problems.append(f"{where} does not fit its seal: time, action, person, or the seal itself was changed.")
    if row.position != link.id:
        problems.append(f"{where} says that its position is {row.position}.")
    if row.conversation_id not in (None, link.conversation_id):
        problems.append(f"{where} points at another conversation than when it was sealed.")
    if not _fits(link.details_salt, link.details_digest, row.details, empty={}):
        problems.append(f"{where} has other details than when it was sealed.")
    if not _fits(link.address_salt, link.address_digest, row.address, empty=None):
        problems.append(f"{where} has another address than when it was sealed.")
    return problems


def _fits(salt: str | None, digest: str, value: Any, empty: Any) -> bool:
    """Whether the value is the sealed one, or was forgotten as a whole."""
    return value == empty if salt is None else _digest(salt, value) == digest


def _strangers() -> list[str]:
    """Rows that claim a place in the chain and have no seal."""
    has_seal = exists().where(AuditSeal.audit_id == Audit.id)
    found = db.session.scalars(select(Audit.id).where(Audit.position.is_not(None), ~has_seal).limit(BATCH)).all()
    return [f"Row {audit_id} has lost its seal." for audit_id in found]


@event.listens_for(Audit, "before_update")
@event.listens_for(Audit, "before_delete")
def refuse_changes(_mapper: Mapper[Audit], _connection: Any, row: Audit) -> None:
    raise RuntimeError(f"Rows of the audit log are added only; row {row.id} was to be changed.")
