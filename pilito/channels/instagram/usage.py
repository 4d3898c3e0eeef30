"""Reads from an answer's headers how much of what the account may call is used up. Pure."""

import json
from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime
from typing import Any

from pilito.channels.base import Usage
from pilito.channels.instagram.values import list_of, mapping_of, text_of
from pilito.clock import utc_now

APP, ACCOUNT = "X-App-Usage", "X-Business-Use-Case-Usage"
PERCENTS = ("call_count", "total_cputime", "total_time")
REGAIN = "estimated_time_to_regain_access"  # minutes
LONGEST_WAIT_SECONDS = 24 * 3600
LARGEST_PERCENT = 1000


def usage_of(headers: Mapping[str, str]) -> Usage:
    """Return the fullest of the limits that the headers name; nothing where they name none or cannot be read."""
    if APP not in headers and ACCOUNT not in headers:
        return Usage()
    limits = list(_limits(headers))
    percent = max((_number(limit.get(name)) for limit in limits for name in PERCENTS), default=0)
    return Usage(min(percent, LARGEST_PERCENT), _capped(_regain_seconds(limits)))


def retry_after_seconds(headers: Mapping[str, str]) -> float:
    """How long Meta asks us to wait; 0 when it does not say. Calls made earlier lengthen the block."""
    return _capped(max(_wait_header(headers), _regain_seconds(_limits(headers))))


def _limits(headers: Mapping[str, str]) -> Iterator[Mapping[str, Any]]:
    """The app's limit is one object; the accounts' are a list for each account."""
    yield _read(headers.get(APP, ""))
    for account in _read(headers.get(ACCOUNT, "")).values():
        yield from map(mapping_of, list_of(account))


def _read(value: str) -> Mapping[str, Any]:
    try:
        return mapping_of(json.loads(value))
    except (ValueError, RecursionError):
        return {}


def _regain_seconds(limits: Any) -> float:
    return max((60.0 * _number(limit.get(REGAIN)) for limit in limits), default=0.0)


def _wait_header(headers: Mapping[str, str]) -> float:
    value = headers.get("Retry-After", "").strip()
    if value.isdecimal():
        return float(value[:10])
    try:
        return (parsedate_to_datetime(value) - utc_now()).total_seconds()
    except (ValueError, TypeError):
        return 0.0


def _number(value: Any) -> int:
    digits = text_of(value)
    return int(digits) if digits.isdecimal() and len(digits) <= 10 else 0


def _capped(seconds: float) -> float:
    return min(max(seconds, 0.0), LONGEST_WAIT_SECONDS)
