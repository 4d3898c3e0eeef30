"""Bodies of webhooks, made for tests."""

import json
from datetime import UTC, datetime
from typing import Any

from pilito.channels.base import Item
from pilito.channels.instagram.inbound import parse

ACCOUNT = "17841400000000501"
CUSTOMER = "880000000000042"
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
NOON_MS = int(NOON.timestamp() * 1000)
PERMALINK = "https://www.instagram.com/p/DPiLiTo0107/"
CDN = "https://lookaside.fbsbx.com/ig_messaging_cdn/?asset_id=18000000000000101&signature=x"


def event(**parts: Any) -> dict[str, Any]:
    """A messaging item of the customer; a part that is None is left out."""
    item = {"sender": {"id": CUSTOMER}, "recipient": {"id": ACCOUNT}, "timestamp": NOON_MS, **parts}
    return {key: value for key, value in item.items() if value is not None}


def message(**parts: Any) -> dict[str, Any]:
    return event(message={"mid": "mid-1", **parts})


def attachment(kind: str, **payload: Any) -> dict[str, Any]:
    return {"type": kind, "payload": payload}


def entry(*items: Any, **parts: Any) -> dict[str, Any]:
    return {"id": ACCOUNT, "time": NOON_MS, "messaging": list(items), **parts}


def body(*entries: Any) -> bytes:
    return json.dumps({"object": "instagram", "entry": list(entries)}).encode()


def parse_items(*items: Any) -> list[Item]:
    return parse(body(entry(*items)), NOON)


def parse_one(item: Any) -> Any:
    [found] = parse_items(item)
    return found


def parse_message(**parts: Any) -> Any:
    return parse_one(message(**parts))
