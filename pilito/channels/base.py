"""What a channel is to the rest of Pilito: plain data in, plain data out.

A new channel is a folder with a class that keeps this protocol, its tests, and one line in `channels/__init__.py`.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from pilito.lifecycle import MediaKind, MessageType

STANDBY = "standby"  # the origin of a message that came while another app held the conversation
STORY_REPLY = "story"  # the kind of the file behind a reply to a story of the shop
NOTICES = ("thread_passed", "thread_taken", "thread_requested", "opted_in", "linked")


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
class Referral:
    """Where a customer came from: an advertisement, a shop's product or a link; all parts may be missing."""

    source: str | None = None  # the provider's word: ADS, SHORTLINK, …
    ref: str | None = None  # what the link carried; whoever made the link wrote it
    ad_id: str | None = None
    ad_title: str | None = None
    picture_url: str | None = None
    post_id: str | None = None
    product_id: str | None = None


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
    payload: str | None = None  # of a button: what the shop's own program put behind its title
    referral: Referral | None = None
    origin: str | None = None  # STANDBY where another app holds the conversation
    kind: str = field(default="message", init=False)

    @property
    def story(self) -> File | None:
        """The story of the shop that this message answers; its file stands among `files`."""
        if self.message_type is MessageType.STORY:
            return None
        return next((file for file in self.files if file.kind == STORY_REPLY), None)


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
    reply_to_external_id: str | None = None
    origin: str | None = None
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
class Reaction:
    """Somebody put an emoji on a message, or took it off; it may come before the message."""

    account_id: str
    customer_id: str
    external_id: str  # of the message
    at: datetime
    by_shop: bool = False
    emoji: str = ""
    name: str | None = None  # the provider's word for the emoji: love, haha, …
    is_removed: bool = False
    kind: str = field(default="reaction", init=False)


@dataclass(frozen=True)
class Edit:
    """A message has another text now; it may come before the message, and need not say whose it is.

    `number` counts the edits of this message, where the provider counts them. For a message whose text holds a post's
    address, `question` is what it says besides.
    """

    account_id: str
    external_id: str
    at: datetime
    text: str
    number: int | None = None
    question: str = ""
    customer_id: str = ""
    kind: str = field(default="edit", init=False)


@dataclass(frozen=True)
class Seen:
    """The customer saw everything up to a message; the provider names it, or only a time."""

    account_id: str
    customer_id: str
    at: datetime
    external_id: str | None = None
    kind: str = field(default="seen", init=False)


@dataclass(frozen=True)
class Opened:
    """The customer came into the conversation through a link or an advertisement, without writing yet."""

    account_id: str
    customer_id: str
    at: datetime
    referral: Referral
    kind: str = field(default="referral", init=False)


@dataclass(frozen=True)
class Notice:
    """Something that happened to a conversation, told in its thread as one line; `what` is one of NOTICES."""

    kind: str  # the provider's word
    reason: str
    what: str
    account_id: str
    customer_id: str
    at: datetime
    detail: str = ""  # words of another app's maker


@dataclass(frozen=True)
class Ignored:
    """An event that needs no message: on purpose, with the reason (`app_roles`, `delivery`, `page_object`)."""

    kind: str
    reason: str
    account_id: str | None = None


@dataclass(frozen=True)
class Unreadable:
    """An event or a body that could not be understood; a person can look at it and replay it."""

    reason: str
    account_id: str | None = None
    kind: str = field(default="unreadable", init=False)


def by_name(username: str | None) -> str:
    """What stands for the id of a person of whom only the user name is told, for no id begins so; empty for neither."""
    return f"@{username.lower()}" if username else ""


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

    @property
    def author(self) -> str:
        return self.author_id or by_name(self.author_username)


Item = Inbound | Echo | Unsend | Reaction | Edit | Seen | Opened | Notice | PublicComment | Ignored | Unreadable


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
class FileRule:
    """What of a kind of file the provider takes."""

    limit_bytes: int
    types: tuple[str, ...]


@dataclass(frozen=True)
class OutboundReaction:
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
    reaction: OutboundReaction | None = None
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


@dataclass(frozen=True)
class Grant:
    """What a log-in or a pasted token gives us: an account, and the right to act for it."""

    account_id: str  # as the channel's events name it
    token: str = field(repr=False)
    name: str = ""
    username: str | None = None
    app_user_id: str | None = None  # how the provider's callbacks name it, which may be another id
    scopes: tuple[str, ...] | None = None  # None: the provider did not tell
    expires_at: datetime | None = None  # None: not by time, or not known
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Token:
    value: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True)
class Subscription:
    """What the provider posts to us for an account, and what of that we need and it does not."""

    fields: tuple[str, ...]
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class Callback:
    """A request of the provider about a person of ours, signed; `user_id` is the app's own id for them."""

    user_id: str
    issued_at: datetime | None = None


class Connector(Protocol):
    """How accounts of a channel are connected and stay so. Every call of the provider raises ChannelError."""

    @property
    def can_log_in(self) -> bool:
        """Whether the settings for a log-in are there."""
        ...

    def login_address(self, redirect_uri: str, state: str, with_comments: bool = False) -> str:
        """Return where the owner's browser goes to allow us in; `with_comments` asks for what they need too."""
        ...

    def redeem(self, code: str, redirect_uri: str, now: datetime) -> Grant:
        """Turn the code of a log-in into a grant that lasts."""
        ...

    def adopt(self, token: str) -> Grant:
        """Ask whose token this is."""
        ...

    def identify(self, account: Account) -> Grant:
        """Ask who the account is: this also tells whether its token lives."""
        ...

    def missing_scopes(self, options: Mapping[str, str], scopes: Sequence[str]) -> tuple[str, ...]:
        """Tell which permissions are needed and were not given."""
        ...

    def missing_comment_scopes(self, options: Mapping[str, str], scopes: Sequence[str]) -> tuple[str, ...]:
        """Tell which permissions are missing to read and answer comments."""
        ...

    def renews(self, options: Mapping[str, str]) -> bool:
        """Whether tokens of this kind end by time and can be renewed."""
        ...

    def renew(self, account: Account, now: datetime) -> Token:
        """Get a token that lasts from now."""
        ...

    def subscription(self, account: Account, known: Sequence[str]) -> Subscription:
        """Read what is posted to us; a field of `known` that is gone is missing too."""
        ...

    def subscribe(self, account: Account) -> Subscription:
        """Ask for everything we can use, then read what was granted."""
        ...

    def unsubscribe(self, account: Account) -> None:
        """Have nothing posted to us any more."""
        ...

    def try_reading(self, account: Account) -> None:
        """Read one conversation: shows that the account lets us at its messages."""
        ...

    def probe(self) -> tuple[dict[str, str], str]:
        """Return a handshake as the provider would ask it, and the answer that it wants."""
        ...

    def read_callback(self, signed: str, now: datetime) -> Callback | None:
        """Read a signed callback; None for one that the provider did not sign, or not so."""
        ...


class Channel(Protocol):
    """One medium. Everything but `send` and `profile` is pure."""

    name: str
    title: str  # as people write it
    shares_wait: bool  # whether a lone share waits for its question
    reply_window: timedelta | None  # how long after a customer's message the assistant may answer; None: for ever
    person_window: timedelta | None  # the same for a person
    text_limit_bytes: int
    media_hosts: tuple[str, ...]  # where the provider keeps files, subdomains included; nothing else is fetched
    media_kinds: Mapping[str, MediaKind]  # a file's kind -> what our own copy of it is; others have no file to copy
    never_kept: Collection[str]  # kinds of files of which the provider forbids a copy
    sends: Mapping[str, FileRule]  # kind of file (image, voice, video, file) -> what of it may be sent
    alerts: Collection[str]  # kinds of ignored events that tell an admin something about the account
    reads_back: bool  # whether conversations and own posts can be read at the provider
    read_pause_seconds: float  # between two such calls for one account
    private_reply_window: timedelta | None  # how long a comment may be answered privately; None: never

    @property
    def connector(self) -> Connector:
        """How its accounts are connected."""
        ...

    def handshake(self, args: Mapping[str, str]) -> str | None:
        """Return what the provider wants to hear when it asks whether this address is ours; None refuses."""
        ...

    def sign(self, body: bytes) -> dict[str, str]:
        """Return the headers with which the provider would post this body (`flask replay`)."""
        ...

    def verify(self, body: bytes, headers: Mapping[str, str]) -> bool:
        """Tell whether the body was signed by the provider."""
        ...

    def account_of(self, body: bytes) -> str:
        """Return the id of the one account that all of a body is for, as its items will name it; empty where it names
        several or none, or cannot be read. Never raises: a webhook is stored whatever it holds."""
        ...

    def parse(self, body: bytes, received_at: datetime) -> list[Item]:
        """Read a webhook's body into its items, in their order; never raises, whatever the body holds."""
        ...

    def items_about(self, body: bytes, person_id: str) -> list[Mapping[str, object]]:
        """Return the raw items of a body that name this person, as they came; `by_name` stands for an id, too."""
        ...

    def without(self, body: bytes, person_id: str) -> bytes:
        """Return the body with every item that names this person emptied; the other items keep their positions.

        Unchanged where nothing names them. `by_name` stands for an id: it means who has that user name and no id.
        """
        ...

    def redact(self, body: bytes, external_id: str) -> bytes:
        """Return a body of this provider without what it says of one message; its items keep their number and order."""
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

    def customer_page(self, username: str) -> str | None:
        """Return the address of the customer's public page; None where there is none, or the name is not one."""
        ...

    def send(self, account: Account, outbound: Outbound) -> Receipt:
        """Send one part. Raises ChannelError."""
        ...

    def signal(self, account: Account, customer_id: str, signal: Signal) -> None:
        """Show the customer that we have seen them or are writing; it lasts some seconds. Raises ChannelError."""
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

    def post(self, account: Account, media_id: str) -> Post | None:
        """Return one post of the account; None for one of somebody else, or that is gone. One call."""
        ...

    def comments(self, account: Account, media_id: str, now: datetime, own_username: str | None) -> list[PublicComment]:
        """Return the newest comments under an own post. One call. Raises ChannelError."""
        ...

    def post_code(self, url: str | None) -> str | None:
        """Return what names a post in the address of its page; None for any other address."""
        ...

    def typed_post(self, text: str) -> SharedMedia | None:
        """Return the post whose address was typed in a text, the first of several."""
        ...

    def reply_privately(self, account: Account, comment_id: str, text: str) -> PrivateReceipt:
        """Answer a comment in the direct messages, which can be done once. Raises ChannelError."""
        ...
