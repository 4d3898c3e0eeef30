"""What the fake Instagram lets an account read back: its conversations, its own posts; and comments under them.

The control calls that belong to it: lose the webhooks of the next messages, add a post, comment on a post.
"""

import base64
import binascii
import hashlib
import re
import secrets
import threading
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from flask import request

from pilito.demo import payloads, shop
from pilito.demo.store import Comment, Customer, Message, OwnPost, Store, now_ms

# Instagram shows only so many messages of a thread to its API.
READABLE_MESSAGES = 20
PAGE = 25
PRIVATE_REPLY_MS = 7 * 24 * 3600 * 1000
COMMENT_SHAPES = ("facebook", "instagram", "entry")
FILES = {"image": "image_data", "video": "video_data"}
SHOP_POSTS_MS = 1_793_500_000_000  # when the newest post of the invented shop was made; each older one a day before


@dataclass(frozen=True)
class PostView:
    """A post of the shop, invented or added by a test."""

    media_id: str
    code: str
    is_reel: bool
    caption: str
    picture: str
    posted_ms: int

    @property
    def permalink(self) -> str:
        return f"https://www.instagram.com/{'reel' if self.is_reel else 'p'}/{self.code}/"


class Reading:
    """Everything here may be called from any thread."""

    def __init__(self, store: Store, account_id: str, public_url: str) -> None:
        self._store = store
        self._account_id = account_id
        self._public_url = public_url
        self._lock = threading.Lock()
        self._to_lose = 0

    # What Pilito reads

    def conversations(self) -> dict[str, Any]:
        """One page of the conversations, the most recently changed first; `user_id` asks for one customer's."""
        wanted = request.args.get("user_id")
        found = [self._store.find_customer(wanted)] if wanted else self._store.customers_by_change()
        fields = split_fields(request.args.get("fields", "id,updated_time"))
        return _page([self._thread(each, fields) for each in found if each], fields)

    def media(self) -> dict[str, Any]:
        """One page of the shop's posts, the newest first."""
        fields = split_fields(request.args.get("fields", "id"))
        return _page([self._post(post) for post in self._posts()], fields)

    def find(self, node: str, fields: dict[str, str]) -> dict[str, Any] | None:
        """The post, message or conversation of this id."""
        if (post := next((one for one in self._posts() if one.media_id == node), None)) is not None:
            return self._post(post)
        if (message := self._store.find_message(node)) is not None and message.unsent_ms is None:
            return self._message(message)
        customer = self._find_by_thread(node)
        return self._thread(customer, fields) if customer else None

    def _posts(self) -> list[PostView]:
        added = [
            PostView(one.media_id, one.code, one.is_reel, one.caption, f"{shop.POSTS[0].id}.jpg", one.posted_ms)
            for one in self._store.own_posts()
        ]
        invented = [
            PostView(
                one.media_id, one.code, one.is_reel, one.caption, f"{one.id}.jpg", SHOP_POSTS_MS - 86_400_000 * number
            )
            for number, one in enumerate(shop.POSTS)
        ]
        return sorted([*added, *invented], key=lambda post: -post.posted_ms)

    def _post(self, post: PostView) -> dict[str, Any]:
        picture = f"{self._public_url}/media/{post.picture}"
        view = {
            "id": post.media_id,
            "media_type": "VIDEO" if post.is_reel else "IMAGE",
            "media_product_type": "REELS" if post.is_reel else "FEED",
            "media_url": picture,
            "thumbnail_url": picture,
            "permalink": post.permalink,
            "shortcode": post.code,
            "username": shop.USERNAME,
            "timestamp": iso(post.posted_ms),
        }
        return {**view, "caption": post.caption} if post.caption else view

    def _thread(self, customer: Customer, fields: dict[str, str]) -> dict[str, Any]:
        """A conversation with its newest messages, newest first."""
        shown = [each for each in self._store.messages(customer.id, READABLE_MESSAGES) if each.unsent_ms is None]
        inner = split_fields(fields.get("messages") or "id,created_time")
        return {
            "id": _thread_id(customer.id),
            "updated_time": iso(max((each.timestamp_ms for each in shown), default=customer.created_ms)),
            "participants": {"data": [self._account(), {"id": customer.id, "username": customer.username}]},
            "messages": {"data": [only(inner, self._message(each)) for each in reversed(shown)]},
        }

    def _message(self, message: Message) -> dict[str, Any]:
        customer = self._store.find_customer(message.customer_id)
        person = {"id": message.customer_id, "username": customer.username if customer else ""}
        account = self._account()
        sender, recipient = (person, account) if message.sender == "customer" else (account, person)
        view = {
            "id": message.mid,
            "created_time": iso(message.timestamp_ms),
            "from": sender,
            "to": {"data": [recipient]},
            "message": message.text,
        }
        return {**view, **_enclosed(message)}

    def _account(self) -> dict[str, str]:
        return {"id": self._account_id, "username": shop.USERNAME}

    def _find_by_thread(self, thread_id: str) -> Customer | None:
        try:
            prefix, _, customer_id = base64.urlsafe_b64decode(thread_id + "==").decode().rpartition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        return self._store.find_customer(customer_id) if prefix == "ig_thread" else None

    # Private replies

    def comments_of(self, media_id: str) -> dict[str, Any]:
        """The newest comments under a post, as the account reads them."""
        found = sorted(self._store.comments_under(media_id), key=lambda one: -one.at_ms)
        return {"data": [self._comment_view(one) for one in found[:50]]}

    def _comment_view(self, comment: Comment) -> dict[str, Any]:
        customer = self._store.find_customer(comment.customer_id)
        author = {"id": comment.customer_id, "username": customer.username if customer else ""}
        at = iso(comment.at_ms)
        return {"id": comment.id, "text": comment.text, "timestamp": at, "username": author["username"], "from": author}

    def find_answerable(self, comment_id: str) -> Comment | None:
        """The comment, while it may be answered privately: once, and within seven days."""
        comment = self._store.find_comment(comment_id)
        if comment is None or comment.replied_ms is not None or now_ms() - comment.at_ms > PRIVATE_REPLY_MS:
            return None
        return comment

    # What a test or the phone page does

    def lose(self, count: int) -> int:
        """Lose the webhooks of so many messages from now on; the messages are there, as on a bad day."""
        with self._lock:
            self._to_lose = count
            return self._to_lose

    def takes_loss(self) -> bool:
        with self._lock:
            is_lost = self._to_lose > 0
            self._to_lose -= is_lost
            return is_lost

    def add_post(self, caption: str, is_reel: bool, media_id: str, code: str) -> dict[str, Any]:
        post = OwnPost(
            media_id=media_id or str(18_100_000_000_000_000 + secrets.randbelow(10**13)),
            code=code or f"DPL-{secrets.token_hex(4)}",
            is_reel=is_reel,
            caption=caption,
            posted_ms=now_ms(),
        )
        self._store.add_own_post(post)
        return asdict(post)

    def comment(self, customer: Customer, media_id: str, text: str, shape: str, at_ms: int) -> tuple[Comment, bytes]:
        """Write a comment, and the webhook that tells of it, in one of the shapes that Meta has used."""
        comment = Comment(str(17_900_000_000_000_000 + secrets.randbelow(10**13)), customer.id, media_id, text, at_ms)
        self._store.add_comment(comment)
        return comment, payloads.encode(self._comment_payload(comment, customer, shape))

    def _comment_payload(self, comment: Comment, customer: Customer, shape: str) -> dict[str, Any]:
        value = {
            "comment_id" if shape == "facebook" else "id": comment.id,
            "from": {"id": customer.id, "username": customer.username},
            "text": comment.text,
            "media": {"id": comment.media_id, "media_product_type": "FEED"},
        }
        change = {"field": "comments", "value": value}
        entry = {"id": self._account_id, "time": comment.at_ms // 1000}
        entry |= change if shape == "entry" else {"changes": [change]}
        return {"object": "instagram", "entry": [entry]}


def _enclosed(message: Message) -> dict[str, Any]:
    """What a message holds beside its words, as the Conversations API tells it; a post loses its caption there."""
    if message.post_id or message.kind in payloads.SHARE_KINDS:
        return {"shares": {"data": [{"link": _shared_address(message)}]}}
    if message.kind in FILES:
        return {"attachments": {"data": [{FILES[message.kind]: {"url": message.url}}]}}
    if message.kind == "voice":
        return {"attachments": {"data": [{"mime_type": "audio/mp4", "file_url": message.url}]}}
    if message.kind == "story_mention":
        return {"story": {"mention": {"id": message.mid, "link": message.url}}}
    return {"is_unsupported": True} if message.kind in ("unsupported", "like_heart") else {}


def _shared_address(message: Message) -> str:
    """The post's page, or an invented one. Meta names a file on its own servers there, by which
    the share is known for one; a file of ours would be taken for any link of the web."""
    if (post := shop.find_post(message.post_id)) is not None:
        return post.permalink
    if message.kind == "link":
        return message.url
    return f"https://www.instagram.com/p/{hashlib.sha256(message.mid.encode()).hexdigest()[:11]}/"


def _thread_id(customer_id: str) -> str:
    return base64.urlsafe_b64encode(f"ig_thread:{customer_id}".encode()).decode().rstrip("=")


def _page(views: list[dict[str, Any]], fields: dict[str, str]) -> dict[str, Any]:
    """The asked page with cursors; `next` stands on every page but the last."""
    limit = min(max(request.args.get("limit", PAGE, type=int), 1), 100)
    start = max(request.args.get("after", 0, type=int), 0)
    shown = [only(fields, view) for view in views[start : start + limit]]
    paging: dict[str, Any] = {"cursors": {"before": str(start), "after": str(start + len(shown))}}
    if start + limit < len(views):
        paging["next"] = f"{request.base_url}?after={start + limit}"
    return {"data": shown, "paging": paging}


def iso(timestamp_ms: int) -> str:
    return datetime.fromtimestamp(timestamp_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")


def split_fields(fields: str) -> dict[str, str]:
    """`id,messages{id,from}` -> {"id": "", "messages": "id,from"}."""
    found: dict[str, str] = {}
    for part in re.findall(r"[^,{}]+(?:\{(?:[^{}]|\{[^{}]*\})*\})?", fields[:2000]):
        name, _, inner = part.strip().partition("{")
        found[re.sub(r"\.limit\(\d+\)", "", name)] = inner[:-1]
    return found


def only(fields: dict[str, str], view: dict[str, Any]) -> dict[str, Any]:
    """The asked fields; the id comes always, as with Meta."""
    return {name: value for name, value in view.items() if name in fields or name == "id"}
