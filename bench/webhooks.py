"""Webhooks as Instagram posts them, signed, ready to be written to a socket."""

import hashlib
import hmac
import json
import time
import uuid
from itertools import count
from typing import Any

ACCOUNT = "17841400000000001"
SECRET = "a secret of the bench and long enough"  # noqa: S105 -- of a throw-away system on 127.0.0.1
CAPTION = "پیراهن نخی گل‌دار\nقیمت: ۲٬۰۰۰٬۰۰۰ تومان\nسایز ۳۸ تا ۴۴"
QUESTION = "این لباس چقدره؟"
PATH = "/webhooks/instagram"

_run = uuid.uuid4().hex[:12]
_numbers = count(1)


def text(customer: str, sent_at: float | None = None) -> dict[str, Any]:
    return _item(customer, {"text": QUESTION}, sent_at)


def share(customer: str, sent_at: float | None = None) -> dict[str, Any]:
    payload = {
        "reel_video_id": "18000000000000001",
        "title": CAPTION,
        "url": "https://www.instagram.com/reel/DAbcdefghij/",
    }
    return _item(customer, {"attachments": [{"type": "ig_reel", "payload": payload}]}, sent_at)


def _item(customer: str, message: dict[str, Any], sent_at: float | None) -> dict[str, Any]:
    """One event; every message has an id that no other has, also not in another run."""
    return {
        "sender": {"id": customer},
        "recipient": {"id": ACCOUNT},
        "timestamp": int((sent_at or time.time()) * 1000),
        "message": {"mid": f"mid.{_run}.{next(_numbers)}", **message},
    }


def signed(*items: dict[str, Any], path: str = PATH) -> bytes:
    """The whole HTTP request."""
    entry = {"id": ACCOUNT, "time": int(time.time()), "messaging": list(items)}
    body = json.dumps({"object": "instagram", "entry": [entry]}).encode()
    signature = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    return post(path, body, f"X-Hub-Signature-256: sha256={signature}\r\n")


def post(path: str, body: bytes, headers: str = "") -> bytes:
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"{headers}Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def customer(number: int) -> str:
    return str(600_000_000_000_000 + number)
