"""What a client sends, checked: every function returns a good value or rejects the request with 422 or 415."""

import base64
import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import request

from pilito.blueprints.api.errors import Rejected
from pilito.conversations.reply import LONGEST_REPLY_CHARACTERS
from pilito.lifecycle import ConversationState

Position = tuple[datetime, int]

DEFAULT_LIMIT = 50
MAXIMUM_LIMIT = 200
MAXIMUM_QUERY_CHARACTERS = 200
MAXIMUM_CLIENT_ID_CHARACTERS = 64
# 18 digits stay below 2**63, the largest id the databases know.
WHOLE_NUMBER = re.compile(r"[0-9]{1,18}")
# Microseconds since 1970 and an id; 16 digits of microseconds end in the year 2286.
CURSOR = re.compile(rb"([0-9]{1,16})\.([0-9]{1,18})")
# What makes a reply without words one.
WITHOUT_TEXT = ("attachment", "cards", "like", "reaction")
BOOLEANS = {"true": True, "1": True, "false": False, "0": False}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def limit() -> int:
    value = _whole_number("limit")
    if value is None:
        return DEFAULT_LIMIT
    if not 1 <= value <= MAXIMUM_LIMIT:
        raise wrong("limit", f"a number from 1 to {MAXIMUM_LIMIT}")
    return value


def row_id(name: str) -> int | None:
    value = _whole_number(name)
    if value == 0:
        raise wrong(name, "an id, which is 1 or more")
    return value


def state() -> ConversationState | None:
    value = _argument("state")
    if value is not None and value not in set(ConversationState):
        raise wrong("state", f"one of {', '.join(ConversationState)}")
    return ConversationState(value) if value else None


def unread() -> bool | None:
    value = _argument("unread")
    if value is not None and value not in BOOLEANS:
        raise wrong("unread", "true or false")
    return BOOLEANS[value] if value else None


def search() -> str | None:
    value = _argument("q")
    return value and storable("q", value, MAXIMUM_QUERY_CHARACTERS)


def _whole_number(name: str) -> int | None:
    value = _argument(name)
    if value is not None and not WHOLE_NUMBER.fullmatch(value):
        raise wrong(name, "a whole number")
    return int(value) if value else None


def cursor() -> Position | None:
    value = _argument("cursor")
    return read_cursor(value) if value else None


def read_cursor(value: str) -> Position:
    """Return the position that `write_cursor` hid; a cursor that was changed or made up is rejected."""
    try:
        found = CURSOR.fullmatch(base64.b64decode(_padded(value), altchars=b"-_", validate=True))
    except ValueError:
        found = None
    if not found:
        raise wrong("cursor", "the `next` of an earlier page")
    return EPOCH + timedelta(microseconds=int(found[1])), int(found[2])


def write_cursor(position: Position) -> str:
    moment, row_id = position
    plain = f"{(moment - EPOCH) // timedelta(microseconds=1)}.{row_id}"
    return base64.urlsafe_b64encode(plain.encode()).decode().rstrip("=")


def _padded(value: str) -> str:
    return value + "=" * (-len(value) % 4)


def body() -> dict[str, Any]:
    """Return the JSON object of the body."""
    if not request.is_json:
        raise Rejected(415, "unsupported_media_type", "Send the body as application/json.")
    try:
        value = json.loads(request.get_data())
    except (ValueError, RecursionError):  # RecursionError: brackets nested beyond what Python reads
        value = None
    if not isinstance(value, dict):
        raise Rejected(422, "invalid_json", "The body is not a JSON object.")
    return value


def text(values: dict[str, Any]) -> str:
    """The words of a reply; they may be missing where something else is sent."""
    has_more = any(values.get(name) for name in WITHOUT_TEXT)
    return storable("text", values.get("text", "" if has_more else None), LONGEST_REPLY_CHARACTERS)


def client_id(values: dict[str, Any]) -> str:
    value = storable("client_id", values.get("client_id"), MAXIMUM_CLIENT_ID_CHARACTERS)
    if not value:
        raise wrong("client_id", "1 to 64 characters that you choose, new for each reply")
    return value


def storable(name: str, value: Any, maximum_characters: int) -> str:
    """Return the text if both databases can keep it: NUL and half characters (lone surrogates) they cannot."""
    if not isinstance(value, str):
        raise wrong(name, "a text")
    if len(value) > maximum_characters:
        raise Rejected(422, "too_long", f"{name}: at most {maximum_characters} characters, but it has {len(value)}.")
    if "\0" in value or not _is_unicode(value):
        raise wrong(name, "a text without NUL and without half characters (lone surrogates)")
    return value


def _is_unicode(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _argument(name: str) -> str | None:
    """An empty argument (`?state=`) is one that was not given."""
    return request.args.get(name) or None


def wrong(name: str, expected: str) -> Rejected:
    return Rejected(422, "invalid", f"{name}: expected {expected}.")
