"""Reads the `signed_request` with which Meta tells that a person left us, or wants their data deleted."""

import base64
import binascii
import hashlib
import hmac
import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from pilito.channels.base import Callback
from pilito.channels.instagram.values import ACCOUNT_ID_LENGTH, id_of, mapping_of, text_of

ALGORITHM = "HMAC-SHA256"
LONGEST = 8 * 1024
# base64url without padding, as Meta writes it; a few libraries add the padding.
FORM = re.compile(r"([\w-]{43})={0,1}\.([\w-]+)={0,2}", re.ASCII)


def read(signed: str, secrets: Iterable[str], now: datetime) -> Callback | None:
    """Return what was signed with one of the secrets; None for everything else, whatever it is."""
    parts = FORM.fullmatch(signed) if len(signed) <= LONGEST else None
    if parts is None or not _is_signed(parts[1], parts[2], secrets):
        return None
    try:
        said = mapping_of(json.loads(_decode(parts[2])))
    except (ValueError, RecursionError):
        return None
    user_id = id_of(said.get("user_id"), ACCOUNT_ID_LENGTH)
    if said.get("algorithm") != ALGORITHM or not user_id or _is_over(said, now):
        return None
    return Callback(user_id, _moment(said.get("issued_at")))


def sign(said: Mapping[str, Any], secret: str) -> str:
    """Write a request as Meta does: the signature is over the ENCODED payload, not over what it decodes to."""
    payload = _encode(json.dumps(said, separators=(",", ":")).encode())
    return f"{_encode(_digest(payload, secret))}.{payload}"


def _is_signed(given: str, payload: str, secrets: Iterable[str]) -> bool:
    try:
        signature = _decode(given)
    except ValueError:
        return False
    # A list, not a generator: every secret is tried, so the time taken tells nothing about which one fits.
    fits = [hmac.compare_digest(_digest(payload, secret), signature) for secret in secrets if secret.strip()]
    return any(fits)


def _digest(payload: str, secret: str) -> bytes:
    return hmac.new(secret.encode(), payload.encode(), hashlib.sha256).digest()


def _is_over(said: Mapping[str, Any], now: datetime) -> bool:
    """`expires` is 0 or left out for what does not end."""
    ends_at = _moment(said.get("expires"))
    return ends_at is not None and ends_at <= now


def _moment(value: Any) -> datetime | None:
    digits = text_of(value)
    if not digits.isdecimal() or len(digits) > 11 or int(digits) == 0:
        return None
    return datetime.fromtimestamp(int(digits), UTC)


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError(str(error)) from None
