"""What a channel is to the rest of Pilito: plain data in, plain data out.

A new channel is a folder with a class that keeps this protocol, its tests, and one line in `channels/__init__.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from pilito.lifecycle import MessageType


@dataclass(frozen=True)
class SharedMedia:
    """The parts of a shared post or reel that could be read out of a payload; all optional but `kind`."""

    kind: str  # share, ig_post, ig_reel, reel, link
    media_id: str | None = None
    title: str | None = None
    subtitle: str | None = None
    caption: str | None = None
    url: str | None = None  # as it came: a file on a CDN, which expires, or a page
    permalink: str | None = None  # the page on the channel's own site, where known


@dataclass(frozen=True)
class File:
    """A file of a message, where the provider keeps it."""

    kind: str  # image, video, voice, file, or the provider's own word
    url: str | None = None
    title: str | None = None
    media_id: str | None = None


@dataclass(frozen=True)
class Inbound:
    """A message of a customer; `text` is what was typed, whole and unchanged.

    A `share` with a `question` is a post and its question in one message.
    """

    account_id: str
    customer_id: str
    external_id: str
    sent_at: datetime
    message_type: MessageType
    provider_type: str
    text: str = ""
    share: SharedMedia | None = None
    files: tuple[File, ...] = ()
    reply_to_external_id: str | None = None
    question: str = ""  # for a share: what was asked in the same message; empty for a lone share
    kind: str = field(default="message", init=False)


@dataclass(frozen=True)
class Echo:
    """A message that left the account: one of ours, or one that a person typed in the provider's app."""

    account_id: str
    customer_id: str
    external_id: str
    sent_at: datetime
    message_type: MessageType
    provider_type: str
    text: str = ""
    share: SharedMedia | None = None
    files: tuple[File, ...] = ()
    kind: str = field(default="echo", init=False)


@dataclass(frozen=True)
class Unsend:
    """The customer took a message back."""

    account_id: str
    customer_id: str
    external_id: str
    sent_at: datetime
    kind: str = field(default="unsend", init=False)


@dataclass(frozen=True)
class Ignored:
    """An event that needs no message: on purpose, with the reason (`reaction`, `read`, `page_object`)."""

    kind: str
    reason: str
    account_id: str | None = None


@dataclass(frozen=True)
class Unreadable:
    """An event or a body that could not be understood; a person can look at it and replay it."""

    reason: str
    account_id: str | None = None
    kind: str = field(default="unreadable", init=False)


@dataclass(frozen=True)
class PublicComment:
    """Somebody wrote under a post of the account; everything but its id may be missing."""

    account_id: str
    external_id: str
    commented_at: datetime
    author_id: str | None = None
    author_username: str | None = None
    text: str = ""
    media_id: str | None = None
    media_kind: str | None = None  # the provider's word: FEED, REELS, AD, …
    parent_id: str | None = None
    is_own: bool = False  # written by the account itself
    is_live: bool = False
    kind: str = field(default="comment", init=False)


Item = Inbound | Echo | Unsend | PublicComment | Ignored | Unreadable


@dataclass(frozen=True)
class Account:
    """What a channel needs to act for an inbox."""

    external_id: str
    token: str = field(repr=False)
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Outbound:
    recipient_id: str
    text: str
    tag: str | None = None  # the channel's word for why it may be sent outside the usual time


@dataclass(frozen=True)
class Receipt:
    """The provider took it; `external_id` is its id, under which an echo will come."""

    external_id: str


@dataclass(frozen=True)
class Profile:
    """Who a customer is, as far as the provider tells; all may be missing."""

    name: str | None = None
    username: str | None = None
    picture_url: str | None = None


@dataclass(frozen=True)
class ChangedThread:
    """A conversation as the provider lists it."""

    external_id: str
    updated_at: datetime


@dataclass(frozen=True)
class ThreadPage:
    """The most recently changed conversations first; `next` asks for the following page."""

    threads: tuple[ChangedThread, ...]
    next: str | None = None


@dataclass(frozen=True)
class Post:
    """A post of the account itself."""

    media_id: str
    caption: str | None = None
    permalink: str | None = None
    code: str | None = None  # what names the post in its permalink
    media_type: str | None = None
    media_product_type: str | None = None
    picture_url: str | None = None
    posted_at: datetime | None = None


@dataclass(frozen=True)
class PostPage:
    """The newest posts first; `next` asks for the following page."""

    posts: tuple[Post, ...]
    next: str | None = None


@dataclass(frozen=True)
class PrivateReceipt:
    """A private reply was taken; `customer_id` is who got it, where the provider says so."""

    external_id: str
    customer_id: str | None


@dataclass(frozen=True)
class Permission:
    """Whether something may be sent now: `reason` is empty when it may, else a slug for the panel."""

    reason: str = ""
    tag: str | None = None

    def __bool__(self) -> bool:
        return not self.reason


class Channel(Protocol):
    """One medium. Everything but `send` and `profile` is pure."""

    name: str
    title: str  # as people write it
    shares_wait: bool  # whether a lone share waits for its question
    reply_window: timedelta | None  # how long after a customer's message the assistant may answer; None: for ever
    text_limit_bytes: int
    reads_back: bool  # whether conversations and own posts can be read at the provider
    read_pause_seconds: float  # between two such calls for one account
    private_reply_window: timedelta | None  # how long a comment may be answered privately; None: never
    private_replies_per_hour: int

    def handshake(self, args: Mapping[str, str]) -> str | None:
        """Return what the provider wants to hear when it asks whether this address is ours; None refuses."""
        ...

    def sign(self, body: bytes) -> dict[str, str]:
        """Return the headers with which the provider would post this body (`flask replay`)."""
        ...

    def verify(self, body: bytes, headers: Mapping[str, str]) -> bool:
        """Tell whether the body was signed by the provider."""
        ...

    def parse(self, body: bytes, received_at: datetime) -> list[Item]:
        """Read a webhook's body into its items, in their order; never raises, whatever the body holds."""
        ...

    def may_send(self, by_person: bool, last_customer_message_at: datetime | None, now: datetime) -> Permission:
        """Tell whether the rules of the provider let us write to the customer now."""
        ...

    def split(self, text: str) -> list[str]:
        """Cut a reply into parts that the provider takes, in order; nothing of it is lost."""
        ...

    def profile(self, account: Account, customer_id: str) -> Profile:
        """Ask who the customer is. Raises ChannelError; nothing may wait for it."""
        ...

    def send(self, account: Account, outbound: Outbound) -> Receipt:
        """Send one part. Raises ChannelError."""
        ...

    def threads(self, account: Account, after: str | None) -> ThreadPage:
        """Return one page of the account's conversations. One call. Raises ChannelError."""
        ...

    def thread(self, account: Account, thread_id: str, now: datetime) -> list[Inbound | Echo]:
        """Return the newest messages of a conversation, oldest first. One call. Raises ChannelError."""
        ...

    def thread_with(self, account: Account, customer_id: str, now: datetime) -> list[Inbound | Echo]:
        """The same, for the conversation with a customer; empty when there is none."""
        ...

    def posts(self, account: Account, after: str | None) -> PostPage:
        """Return one page of the account's own posts. One call. Raises ChannelError."""
        ...

    def post_code(self, url: str | None) -> str | None:
        """Return what names a post in the address of its page; None for any other address."""
        ...

    def reply_privately(self, account: Account, comment_id: str, text: str) -> PrivateReceipt:
        """Answer a comment in the direct messages, which can be done once. Raises ChannelError."""
        ...
