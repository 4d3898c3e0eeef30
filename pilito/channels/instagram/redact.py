"""Takes one person's items, or one message, out of a stored body; what is left keeps its positions."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pilito.channels.base import by_name
from pilito.channels.instagram.values import (
    CUSTOMER_ID_LENGTH,
    MESSAGE_ID_LENGTH,
    id_of,
    list_of,
    load_json,
    text_of,
)

LISTS = ("messaging", "standby", "changes")
# What an emptied item becomes: an event of no known kind, which is ignored should the body ever be read again.
EMPTIED = {"erased": True, "field": "erased"}
NOTHING = b"{}"
# What may stay of an unsent message: which it was, and what kind of event told of it.
KEPT = ("mid", "is_echo", "is_self", "is_deleted", "is_unsupported", "action", "num_edit")


def items_about(body: bytes, person_id: str) -> list[Mapping[str, object]]:
    """Return the items that name this person; an entry is theirs as a whole when it is the account that they are."""
    found: list[Mapping[str, object]] = []

    def keep(item: Any) -> Any:
        found.append(item)
        return item

    _walk(body, person_id, keep)
    return found


def without(body: bytes, person_id: str) -> bytes:
    """Return the body with these items emptied; an unreadable body that holds the id goes as a whole."""
    if _is_name(person_id) and not items_about(body, person_id):
        return body
    root = _walk(body, person_id, lambda _item: dict(EMPTIED))
    if root is None:
        return NOTHING if _holds(body, person_id) else body
    cleaned = json.dumps(root, separators=(",", ":")).encode()
    return NOTHING if _holds(cleaned, person_id) else cleaned


def _holds(body: bytes, person_id: str) -> bool:
    """A name that is left says nothing: others may have written it."""
    return not _is_name(person_id) and person_id.encode() in body


def _is_name(person_id: str) -> bool:
    return person_id.startswith("@")


def _walk(body: bytes, person_id: str, change: Callable[[Any], Any]) -> Any:
    """Give every item that names the person to `change` and put what it returns in its place; return the root."""
    try:
        root = load_json(body)
        for entry in _entries(root):
            _change_items(entry, person_id, change)
    except (ValueError, RecursionError):
        return None
    return root


def _entries(root: Any) -> Iterator[dict[str, Any]]:
    for envelope in list_of(root):
        if isinstance(envelope, dict):
            yield from (entry for entry in list_of(envelope.get("entry", envelope)) if isinstance(entry, dict))


def _change_items(entry: dict[str, Any], person_id: str, change: Callable[[Any], Any]) -> None:
    is_theirs = str(entry.get("id", "")) == person_id
    if is_theirs:
        entry["id"] = "erased"
    for name in LISTS:
        items = entry.get(name)
        if isinstance(items, list):
            entry[name] = [
                change(item) if is_theirs or (isinstance(item, dict) and _names(item, person_id)) else item
                for item in items
            ]
    # Comments of one variant stand on the entry itself.
    if isinstance(entry.get("value"), dict) and (is_theirs or _names(entry["value"], person_id)):
        entry["value"] = change(entry["value"])


def _names(value: Any, person_id: str) -> bool:
    """Whether the id stands anywhere inside, as a text or as a number; a name, as that of somebody without an id."""
    if isinstance(value, dict):
        return _is_called(value, person_id) or any(_names(inner, person_id) for inner in value.values())
    if isinstance(value, list):
        return any(_names(inner, person_id) for inner in value)
    is_value = not isinstance(value, bool) and isinstance(value, str | int)
    return is_value and not _is_name(person_id) and str(value) == person_id


def _is_called(said: dict[str, Any], person_id: str) -> bool:
    is_theirs = _is_name(person_id) and by_name(text_of(said.get("username"))) == person_id
    return is_theirs and id_of(said.get("id"), CUSTOMER_ID_LENGTH) is None


def redact(body: bytes, external_id: str) -> bytes:
    """Return the body without the words, files and buttons of one message; unchanged where it says nothing of it."""
    try:
        root = load_json(body)
        redacted = _redacted(root, external_id)
        return body if redacted == root else json.dumps(redacted, separators=(",", ":")).encode()
    except (ValueError, RecursionError):
        return body  # nothing was ever read out of it


def _redacted(value: Any, external_id: str) -> Any:
    if isinstance(value, list):
        return [_redacted(each, external_id) for each in value]
    if not isinstance(value, dict):
        return value
    if id_of(value.get("mid"), MESSAGE_ID_LENGTH) == external_id:
        return {key: value[key] for key in KEPT if key in value}
    return {key: _redacted(each, external_id) for key, each in value.items()}
