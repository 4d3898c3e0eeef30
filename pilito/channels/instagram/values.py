"""Reads JSON that anybody may have written: every value that leaves this folder was read by a function of this file."""

import json
import re
import unicodedata
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

# The widths of the columns that hold them. A longer id is read as none at all: cut short, two ids could become one.
ACCOUNT_ID_LENGTH = 128
CUSTOMER_ID_LENGTH = 128
MESSAGE_ID_LENGTH = 512
MEDIA_ID_LENGTH = 128
WORD_LENGTH = 32

LONGEST_NUMBER = 32  # digits
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")  # PostgreSQL's text holds no NUL, and UTF-8 no lone surrogate


def load_json(body: bytes) -> Any:
    """Return the body's JSON. Raises ValueError or RecursionError."""
    return json.loads(body, parse_int=_number)


def _number(digits: str) -> int | str:
    # Python refuses to convert more than 4,300 digits: one such number would lose the whole body.
    return int(digits) if len(digits) <= LONGEST_NUMBER else digits


def text_of(value: Any) -> str:
    """Return a text or number as text that every store takes; empty for anything else."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return UNSTORABLE.sub("\ufffd", str(value))


def part_of(value: Any) -> str | None:
    """Return a text that says something, unchanged; None for a blank one."""
    text = text_of(value)
    return text if text.strip() else None


def word_of(value: Any, default: str = "") -> str:
    """Return one of the provider's own words, short enough for every column that holds one."""
    return text_of(value).strip()[:WORD_LENGTH] or default


def id_of(value: Any, length: int) -> str | None:
    """Return an id, which may have come as a number; None when it is empty or longer than its column."""
    text = text_of(value)
    return text if 0 < len(text) <= length else None


def mapping_of(value: Any) -> Mapping[str, Any]:
    """Return an object as it is, and anything else as an empty one."""
    return value if isinstance(value, dict) else {}


def list_of(value: Any) -> list[Any]:
    """Return a list as it is, nothing as an empty list, and a single value as a list of one."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def is_true(value: Any) -> bool:
    return value is True or value == "true"


def first_part(values: Mapping[str, Any], *keys: str) -> str | None:
    """Return the first of the keys' texts that says something."""
    return next((part for key in keys if (part := part_of(values.get(key)))), None)


def first_id(values: Mapping[str, Any], keys: tuple[str, ...], length: int) -> str | None:
    """Return the first of the keys' ids."""
    return next((found for key in keys if (found := id_of(values.get(key), length))), None)


def http_url(value: Any) -> str | None:
    """Return an address that a browser may open; None for `javascript:`, relative ones and the like."""
    address = text_of(value).strip()
    if any(character.isspace() or unicodedata.category(character) == "Cc" for character in address):
        return None
    return address if _is_http(address) else None


def _is_http(address: str) -> bool:
    try:
        parts = urlsplit(address)
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False
