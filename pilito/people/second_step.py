"""The second step at log-in: a code of an app on the phone, or one of the recovery codes."""

import base64
import hashlib
import hmac
import secrets
from datetime import datetime, timedelta

import pyotp
from cryptography.fernet import InvalidToken
from sqlalchemy import delete, func, select

from pilito.database import Transaction, only_row, transaction
from pilito.errors import Refused
from pilito.extensions import db, vault
from pilito.lifecycle import Role
from pilito.models import Audit, Operator, RecoveryCode, Shop
from pilito.people import sessions
from pilito.people.team import OwnPassword, lock_managed, lock_own, refuse_oneself

ISSUER = "Pilito"
STEP_SECONDS = 30
CLOCK_STEPS = (-1, 0, 1)  # a phone's clock may be half a minute off
RECOVERY_CODES = 10
RECOVERY_BYTES = 10  # 80 bits: their plain hash tells nothing
# Counted in the database, for all addresses together: who comes this far knows the password.
TRIES, TRIES_TIME = 10, timedelta(minutes=15)
# From the password to the first code. Whoever reads the secret on somebody's screen later has read nothing.
OFFER_TIME = timedelta(minutes=10)
LATIN_DIGITS = str.maketrans("۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩", "01234567890123456789")


def has_second_step(operator: Operator) -> bool:
    return operator.totp_at is not None


def is_due(operator: Operator) -> bool:
    """Whether this person has to set up the second step before anything else."""
    return operator.may(Role.ADMIN) and not has_second_step(operator) and admins_need_codes()


def admins_need_codes() -> bool:
    return bool(db.session.scalar(select(Shop.admins_need_codes).limit(1)))


def require_for_admins(is_required: bool, by_id: int, now: datetime) -> None:
    """Choose whether admins and owners need the second step, which an owner does. Raises Refused (not_allowed;
    second_step_missing for an owner who has none: they would lock themselves out of this very switch). Open panels of
    whoever has to set it up now are hung up on: they come back, and are led there."""
    with transaction() as tx:
        owner = lock_managed(by_id, by_id, Role.OWNER)
        if is_required and not has_second_step(owner):
            raise Refused("second_step_missing", "Set up the second step for yourself before you require it.")
        only_row(Shop).admins_need_codes = is_required
        if is_required:
            _close_lines_without(tx)
        details = {"required": is_required}
        db.session.add(Audit(at=now, action="second_step_required", operator_id=by_id, details=details))


def _close_lines_without(tx: Transaction) -> None:
    lacking = select(Operator).where(Operator.active, Operator.totp_at.is_(None))
    for operator in db.session.scalars(lacking):
        if operator.may(Role.ADMIN):
            sessions.close_lines(tx, operator.id)


# --- setting up ------------------------------------------------------------------------------------------------------


def offer_secret(own: OwnPassword, now: datetime) -> str:
    """Return the secret that the app is to learn, a new one each time, and keep it for OFFER_TIME; it counts only once
    `confirm` has seen a code of it. Raises Refused (second_step_there, and as `lock_own`)."""
    with transaction():
        operator = lock_own(own, now)
        if has_second_step(operator):
            raise Refused("second_step_there", "The second step is set up already.")
        secret = pyotp.random_base32()
        # What is sealed carries the time of its sealing, which new keys leave as it is, and its log-in: no column is
        # needed for either.
        offer = f"{_mark(own.session_id)}{secret}"
        operator.totp_encrypted = vault.encrypt_at_time(offer.encode(), int(now.timestamp()))
        return secret


def _mark(session_id: int | None) -> str:
    return f"{session_id or 0}:"


def offered_secret(operator: Operator, session_id: int | None, now: datetime) -> str:
    """Return the secret that waits for its first code; nothing once it counts, or its time is over, or in another
    log-in than the one in which the password was given: that may be a thief's."""
    if has_second_step(operator) or not operator.totp_encrypted:
        return ""
    try:
        longest = int(OFFER_TIME.total_seconds())
        offer = vault.decrypt_at_time(operator.totp_encrypted, longest, int(now.timestamp())).decode()
    except InvalidToken:
        return ""
    mark = _mark(session_id)
    return offer.removeprefix(mark) if offer.startswith(mark) else ""


def address_of(operator: Operator, secret: str) -> str:
    """What the QR code says to the app."""
    return pyotp.TOTP(secret).provisioning_uri(name=operator.email, issuer_name=ISSUER)


def confirm(operator_id: int, session_id: int | None, code: str, now: datetime) -> list[str]:
    """Switch the second step on when the app shows the right code of what was offered in this log-in; return the
    recovery codes, to be read this once.

    Raises Refused (second_step_there, offer_over, wrong_code, too_many_codes).
    """
    codes: list[str] = []
    with transaction():
        operator = _get_with_tries(operator_id, now)
        if has_second_step(operator):
            raise Refused("second_step_there", "The second step is set up already.")
        secret = offered_secret(operator, session_id, now)
        if not secret:
            raise Refused("offer_over", f"No secret was offered in the last {OFFER_TIME}.")
        if not _take_code(operator, secret, code, now):
            _count_try(operator, now)
        else:
            operator.totp_encrypted = vault.encrypt(secret.encode())
            operator.totp_at, operator.code_tries = now, 0
            codes = _make_recovery_codes(operator_id)
            db.session.add(Audit(at=now, action="second_step_on", operator_id=operator_id))
    if not codes:
        raise Refused("wrong_code", "The code does not fit.")
    return codes


def renew_recovery_codes(own: OwnPassword, now: datetime) -> list[str]:
    """Replace the recovery codes by new ones. Raises Refused (second_step_missing, and as `lock_own`)."""
    with transaction():
        if not has_second_step(lock_own(own, now)):
            raise Refused("second_step_missing", "There is no second step.")
        db.session.add(Audit(at=now, action="recovery_codes_made", operator_id=own.operator_id))
        return _make_recovery_codes(own.operator_id)


def count_recovery_codes(operator_id: int) -> int:
    wanted = select(func.count()).select_from(RecoveryCode).where(RecoveryCode.operator_id == operator_id)
    return db.session.scalar(wanted) or 0


def switch_off(operator_id: int, by_id: int | None, now: datetime) -> None:
    """Take the second step away from somebody who lost phone and codes. `by_id` None: the command line.

    Raises Refused (operator_not_found, not_allowed, own_access).
    """
    refuse_oneself(operator_id, by_id)
    with transaction() as tx:
        _take_away(tx, lock_managed(operator_id, by_id))
        details = {"whom": operator_id}
        db.session.add(Audit(at=now, action="second_step_off", operator_id=by_id, details=details))


def switch_own_off(own: OwnPassword, now: datetime) -> None:
    """Go without the second step from now on. Raises Refused as `lock_own`."""
    with transaction() as tx:
        _take_away(tx, lock_own(own, now))
        db.session.add(Audit(at=now, action="second_step_off", operator_id=own.operator_id))


def _take_away(tx: Transaction, operator: Operator) -> None:
    """Where it is required they set it up anew before anything else, so their open panels are hung up on."""
    operator.totp_encrypted = operator.totp_at = None
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.operator_id == operator.id))
    sessions.close_lines(tx, operator.id)


# --- at log-in -------------------------------------------------------------------------------------------------------


def check_code(operator_id: int, code: str, now: datetime) -> bool:
    """Tell whether the code opens, and use it up: each counts once. Raises Refused (too_many_codes)."""
    with transaction():
        operator = _get_with_tries(operator_id, now)
        if not (_take_code(operator, _open_secret(operator), code, now) or _take_recovery_code(operator_id, code, now)):
            _count_try(operator, now)
            return False
        operator.code_tries = 0
        return True


def _get_with_tries(operator_id: int, now: datetime) -> Operator:
    operator = db.session.get_one(Operator, operator_id, with_for_update=True, populate_existing=True)
    since = operator.code_tries_since
    if since is None or now - since >= TRIES_TIME:
        operator.code_tries, operator.code_tries_since = 0, now
    if operator.code_tries >= TRIES:
        raise Refused("too_many_codes", "Too many wrong codes; wait a quarter of an hour.")
    return operator


def _count_try(operator: Operator, now: datetime) -> None:
    operator.code_tries += 1
    operator.code_tries_since = operator.code_tries_since or now


def _take_code(operator: Operator, secret: str, code: str, now: datetime) -> bool:
    digits = "".join(code.translate(LATIN_DIGITS).split())
    if not secret or not digits.isascii():
        return False
    generator, now_step = pyotp.TOTP(secret), int(now.timestamp()) // STEP_SECONDS
    for step in (now_step + offset for offset in CLOCK_STEPS):
        if hmac.compare_digest(generator.generate_otp(step), digits) and step > operator.totp_step:
            operator.totp_step = step
            return True
    return False


def _take_recovery_code(operator_id: int, code: str, now: datetime) -> bool:
    wanted = (RecoveryCode.operator_id == operator_id, RecoveryCode.code_hash == _hash(code))
    if db.session.scalar(delete(RecoveryCode).where(*wanted).returning(RecoveryCode.id)) is None:
        return False
    db.session.add(Audit(at=now, action="recovery_code_used", operator_id=operator_id))
    return True


def _make_recovery_codes(operator_id: int) -> list[str]:
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.operator_id == operator_id))
    codes = [_write_code(secrets.token_bytes(RECOVERY_BYTES)) for _ in range(RECOVERY_CODES)]
    db.session.add_all([RecoveryCode(operator_id=operator_id, code_hash=_hash(code)) for code in codes])
    return codes


def _write_code(random: bytes) -> str:
    letters = base64.b32encode(random).decode().lower()
    return "-".join(letters[start : start + 4] for start in range(0, len(letters), 4))


def _hash(code: str) -> str:
    letters = "".join(letter for letter in code.lower() if letter.isalnum())
    return hashlib.sha256(letters.encode(errors="replace")).hexdigest()


def _open_secret(operator: Operator) -> str:
    if not operator.totp_encrypted:
        return ""
    try:
        return vault.decrypt(operator.totp_encrypted).decode()
    except InvalidToken:  # ENCRYPTION_KEYS were lost: a recovery code opens, or somebody who may manage them
        return ""
