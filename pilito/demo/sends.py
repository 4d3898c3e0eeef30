"""What the fake's Send API takes: Meta's limits, kept here once more, so that Pilito's own can be wrong alone."""

from typing import Any, cast
from urllib.parse import urlsplit
from urllib.request import urlopen

Json = dict[str, Any]

TEXT_LIMIT_BYTES = 1000
QUICK_REPLIES, QUICK_REPLY_TITLE = 13, 20
QUICK_REPLY_TYPES = ("text", "user_phone_number", "user_email")
ELEMENTS, BUTTONS = 10, 3
FILES = {
    "image": ("png", "jpg", "jpeg"),
    "audio": ("aac", "m4a", "wav", "mp4"),
    "video": ("mp4", "ogg", "avi", "mov", "webm"),
    "file": ("pdf",),
}
# The demo's own machine: what is there is fetched, in the demo over plain HTTP.
HERE = ("127.0.0.1", "localhost")
FETCH_SECONDS = 10
LARGEST_FILE = 25 * 1024 * 1024
FAMILIES = {"image": "image/", "audio": ("audio/", "video/mp4"), "video": "video/", "file": "application/pdf"}
# Kind on the phone, by Meta's type of the attachment.
KINDS = {"audio": "voice", "template": "cards"}


class Refusal(Exception):
    """What Meta would answer with error 100."""


def read_content(message: Any) -> tuple[str, Json]:
    """Return the kind, and what an echo repeats of it. Raises Refusal."""
    if not isinstance(message, dict):
        raise Refusal("The parameter message is required")
    text, attachment = message.get("text"), message.get("attachment")
    if isinstance(text, str) and text.strip():
        if attachment is not None:
            raise Refusal("Only one of the text and attachment may be set")
        _check_text(text, message.get("quick_replies", []))
        return "text", {"text": text}
    kind = attachment.get("type") if isinstance(attachment, dict) else None
    if isinstance(attachment, dict) and isinstance(kind, str):
        return KINDS.get(kind, kind), {"attachments": [_echoed(attachment)]}
    raise Refusal("Message cannot be empty, must provide valid attachment or text")


def _check_text(text: str, quick_replies: Any) -> None:
    if len(text.encode()) > TEXT_LIMIT_BYTES:
        raise Refusal(f"Length of param message[text] must be at most {TEXT_LIMIT_BYTES} bytes")
    if not isinstance(quick_replies, list) or len(quick_replies) > QUICK_REPLIES:
        raise Refusal(f"Param message[quick_replies] must have at most {QUICK_REPLIES} elements")
    for reply in quick_replies:
        _check_quick_reply(reply if isinstance(reply, dict) else {})


def _check_quick_reply(reply: Json) -> None:
    if reply.get("content_type") not in QUICK_REPLY_TYPES:
        raise Refusal(f"Param content_type must be one of {', '.join(QUICK_REPLY_TYPES)}")
    if reply["content_type"] != "text":
        return
    if not 0 < len(str(reply.get("title", ""))) <= QUICK_REPLY_TITLE or not reply.get("payload"):
        raise Refusal(f"Param title must have 1 to {QUICK_REPLY_TITLE} characters, and param payload is required")


def _echoed(attachment: Json) -> Json:
    """The attachment as it comes back: a file at an address of Meta's own, cards as they were."""
    kind, payload = attachment["type"], attachment.get("payload")
    if kind == "like_heart":
        return {"type": kind}
    if not isinstance(payload, dict):
        raise Refusal("The parameter payload is required")
    if kind == "template":
        _check_cards(payload)
        return {"type": kind, "payload": {"generic": {"elements": payload["elements"]}}}
    if kind == "MEDIA_SHARE":
        return {"type": kind, "payload": payload}
    _check_file(kind, payload)
    return {"type": kind, "payload": {"url": "https://lookaside.fbsbx.com/ig_messaging_cdn/?asset_id=1"}}


def _check_file(kind: str, payload: Json) -> None:
    if kind not in FILES:
        raise Refusal(f"Param attachment[type] must be one of {', '.join(FILES)}, template, like_heart")
    parts = urlsplit(str(payload.get("url", "")))
    is_here = parts.hostname in HERE
    if not parts.hostname or (parts.scheme != "https" and not is_here):
        raise Refusal("Param url is not a valid URI")
    _, dot, ending = parts.path.rpartition(".")
    if dot and "/" not in ending and ending.lower() not in FILES[kind]:
        raise Refusal(f"Unsupported format for {kind}: {ending[:8]}")
    if is_here:
        _fetch(kind, parts.geturl())


def _fetch(kind: str, url: str) -> None:
    """Fetch the file as Meta does; only from this machine, where the demo's Pilito listens."""
    try:
        with urlopen(url, timeout=FETCH_SECONDS) as answer:  # noqa: S310  (http to this machine, checked above)
            family, size = answer.headers.get_content_type(), len(answer.read(LARGEST_FILE + 1))
    except OSError as error:
        raise Refusal(f"Unable to fetch the file from the URL ({type(error).__name__})") from None
    if not family.startswith(FAMILIES[kind]) or not 0 < size <= LARGEST_FILE:
        raise Refusal(f"Unsupported format for {kind}: {family}")


def _check_cards(payload: Json) -> None:
    elements = payload.get("elements")
    if payload.get("template_type") != "generic" or not isinstance(elements, list):
        raise Refusal("Param template_type must be generic, with elements")
    if not 0 < len(elements) <= ELEMENTS:
        raise Refusal(f"Param elements must have 1 to {ELEMENTS} elements")
    for element in elements:
        if not isinstance(element, dict) or not element.get("title"):
            raise Refusal("Param title is required")
        if len(element.get("buttons", [])) > BUTTONS:
            raise Refusal(f"Param buttons must have at most {BUTTONS} elements")


def url_of(message: Any) -> str:
    """The address of the file that was sent; empty for anything else."""
    attachment = message.get("attachment") if isinstance(message, dict) else None
    payload = attachment.get("payload") if isinstance(attachment, dict) else None
    return cast(str, payload["url"]) if isinstance(payload, dict) and isinstance(payload.get("url"), str) else ""
