"""Takes one message out of a stored webhook: what a customer unsent is gone from the ledger too."""

import json
from typing import Any

from pilito.channels.instagram.values import MESSAGE_ID_LENGTH, id_of, load_json

# What may stay of it: which message it was, and what kind of event told of it.
KEPT = ("mid", "is_echo", "is_self", "is_deleted", "is_unsupported", "action", "num_edit")


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
