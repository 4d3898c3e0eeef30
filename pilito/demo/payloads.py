"""What Meta posts to a webhook, built here the way Meta builds it. Pure; facts: channels/instagram/README.md."""

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Iterable, Mapping
from typing import Any

from pilito.demo.media import CLIP, PHOTO, STORY, VOICE
from pilito.demo.shop import Post

Json = dict[str, Any]

SHARE_KINDS = ("share", "ig_post", "ig_reel", "reel", "link")
FILE_KINDS: Mapping[str, tuple[str, str]] = {  # kind -> Meta's type, our file
    "image": ("image", PHOTO),
    "video": ("video", CLIP),
    "voice": ("audio", VOICE),
    "story_mention": ("story_mention", STORY),
}
ITEMS = ("messaging", "standby")  # where an entry has what it tells
BESIDE = ","  # between the ids of the messages that one webhook tells of

KINDS = ("text", *SHARE_KINDS, *FILE_KINDS, "like_heart", "unsupported")

# How the same share has looked over the years: with its media file, with its page only, without its caption, and
# (since 3 Nov 2025) `share` and `ig_post` side by side in one message.
VARIANTS = ("media", "permalink", "bare", "twin")


def message_id(account_id: str, customer_id: str) -> str:
    """Return a new id, as long and as opaque as Meta's."""
    inner = f"ig_mid:1:demo:{account_id}:{customer_id}:{secrets.randbits(96)}"
    return base64.urlsafe_b64encode(inner.encode()).decode().rstrip("=")


def text_message(mid: str, text: str) -> Json:
    return {"mid": mid, "text": text}


def share_message(mid: str, kind: str, variant: str, post: Post, media_url: str) -> Json:
    """The message that carries a post. `variant` is one of VARIANTS; a `link` is a text and has none."""
    if kind == "link":
        return text_message(mid, post.permalink)
    payload = _share_payload(kind, variant, post, media_url)
    kinds = ("share", "ig_post") if variant == "twin" else (kind,)
    return {"mid": mid, "attachments": [{"type": each, "payload": dict(payload)} for each in kinds]}


def _share_payload(kind: str, variant: str, post: Post, media_url: str) -> Json:
    """`title` is the whole caption; a post without one has no such key."""
    if variant == "bare":
        return {"url": media_url}
    if kind == "share" and variant == "permalink":
        return {"url": post.permalink}
    id_key = "reel_video_id" if kind in ("ig_reel", "reel") else "ig_post_media_id"
    payload: Json = {id_key: post.media_id}
    if post.caption:
        payload["title"] = post.caption
    payload["url"] = post.permalink if variant == "permalink" else media_url
    return payload


def file_message(mid: str, kind: str, url: str) -> Json:
    return {"mid": mid, "attachments": [{"type": FILE_KINDS[kind][0], "payload": {"url": url}}]}


def like_message(mid: str) -> Json:
    return {"mid": mid, "attachments": [{"type": "like_heart"}]}


def unsupported_message(mid: str) -> Json:
    return {"mid": mid, "is_unsupported": True}


def unsend_message(mid: str) -> Json:
    return {"mid": mid, "is_deleted": True}


def echo_message(mid: str, content: Json) -> Json:
    """What left the account, told back to its owner."""
    return {"mid": mid, **content, "is_echo": True}


def envelope(account_id: str, sender_id: str, recipient_id: str, timestamp_ms: int, now_ms: int, message: Json) -> Json:
    return event_envelope(account_id, sender_id, recipient_id, timestamp_ms, now_ms, {"message": message})


def event_envelope(
    account_id: str,
    sender_id: str,
    recipient_id: str,
    timestamp_ms: int,
    now_ms: int,
    said: Json,
    place: str = "messaging",
) -> Json:
    """Put what an item says around a message, a button, a reaction … into the form of a webhook."""
    item = {"sender": {"id": sender_id}, "recipient": {"id": recipient_id}, "timestamp": timestamp_ms, **said}
    return {"object": "instagram", "entry": [{"time": now_ms, "id": account_id, place: [item]}]}


def together(bodies: Iterable[bytes]) -> bytes:
    """One body with the items of all of these, as Meta tells several things at once."""
    whole = [json.loads(body) for body in bodies]
    entry = whole[0]["entry"][0]
    for place in ITEMS:
        if items := [item for one in whole for item in one["entry"][0].get(place, [])]:
            entry[place] = items
    return encode({**whole[0], "entry": [entry]})


def encode(payload: Json) -> bytes:
    r"""The bytes on the wire: ASCII only, with `\uXXXX` and `\/`, as captured from Meta."""
    return json.dumps(payload, separators=(",", ":")).replace("/", "\\/").encode()


def signature(secret: str, body: bytes) -> str:
    """The value of `X-Hub-Signature-256`."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
