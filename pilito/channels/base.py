"""What a channel is to the rest of Pilito: plain data in, plain data out.

A new channel is a folder with a class that keeps this protocol, its tests, and one line in `channels/__init__.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
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


Item = Inbound | Echo | Unsend | Ignored | Unreadable


@dataclass(frozen=True)
class Account:
    """What a channel needs to act for an inbox."""

    external_id: str
    token: str = field(repr=False)
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class QuickReply:
    """A button under a message that types for the customer; `phone` and `email` offer what the provider knows."""

    title: str = ""
    payload: str = ""
    kind: str = "text"  # text, phone, email


@dataclass(frozen=True)
class Button:
    """A button on a card: it opens `url`, or comes back to us as `payload`."""

    title: str
    url: str | None = None
    payload: str | None = None


@dataclass(frozen=True)
class Card:
    """A product or whatever else is shown with a picture and buttons."""

    title: str
    subtitle: str = ""
    image_url: str | None = None
    url: str | None = None
    buttons: tuple[Button, ...] = ()


@dataclass(frozen=True)
class OutboundFile:
    """A file that the provider fetches from `url`; type and size where they are known."""

    kind: str  # image, voice, video, file
    url: str
    content_type: str | None = None
    size_bytes: int | None = None


@dataclass(frozen=True)
class Reaction:
    """A sign on a message of the customer; without `emoji` it is taken back."""

    external_id: str
    emoji: str | None = None


@dataclass(frozen=True)
class Outbound:
    """One call that sends: a text with or without quick replies, or one of file, cards, heart, reaction."""

    recipient_id: str
    text: str = ""
    tag: str | None = None  # the channel's word for why it may be sent outside the usual time
    quick_replies: tuple[QuickReply, ...] = ()
    file: OutboundFile | None = None
    cards: tuple[Card, ...] = ()
    is_like: bool = False
    reaction: Reaction | None = None
    reply_to_external_id: str | None = None  # the message that it answers
    comment_id: str | None = None  # a private reply: to whoever wrote this comment

    @property
    def kind(self) -> str:
        """text, image, voice, video, file, cards, like or reaction."""
        if self.file is not None:
            return self.file.kind
        if self.reaction is not None:
            return "reaction"
        return "cards" if self.cards else "like" if self.is_like else "text"


@dataclass(frozen=True)
class Usage:
    """How much of what an account may call is used up; at 100 calls are refused, and made ones lengthen the block."""

    percent: int = 0
    wait_seconds: float = 0.0  # until the provider takes calls again, where it says so


@dataclass(frozen=True)
class Receipt:
    """The provider took it; `external_id` is its id, under which an echo will come. A reaction has none."""

    external_id: str | None
    usage: Usage = Usage()


@dataclass(frozen=True)
class Profile:
    """Who a customer is, as far as the provider tells; all may be missing."""

    name: str | None = None
    username: str | None = None
    picture_url: str | None = None


@dataclass(frozen=True)
class Problem:
    """Why a message cannot be sent as it is: `reason` is a slug for the panel, `expected` a sentence for programs."""

    reason: str
    expected: str


class Signal(StrEnum):
    """What a customer may see of us beside messages."""

    SEEN = "seen"
    TYPING = "typing"


@dataclass(frozen=True)
class Limit:
    """At most `calls` in `seconds` for one account; calls of the same `name` count together."""

    name: str
    calls: int
    seconds: int


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
    person_window: timedelta | None  # the same for a person
    text_limit_bytes: int

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

    def check(self, outbound: Outbound) -> Problem | None:
        """Tell why the provider would refuse it whenever it is sent; None when it would not."""
        ...

    def limits(self, outbound: Outbound) -> tuple[Limit, ...]:
        """Name the limits on calls of one account that this one counts against."""
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

    def signal(self, account: Account, customer_id: str, signal: Signal) -> None:
        """Show the customer that we have seen them or are writing; it lasts some seconds. Raises ChannelError."""
        ...
