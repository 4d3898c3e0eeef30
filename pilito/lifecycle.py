"""Every state and every move between states, on one screen.

The tables are the law: models refuse a move that is not listed, and the database holds the states by constraints.
"""

from enum import StrEnum
from typing import TypeVar

State = TypeVar("State", bound=StrEnum)


class MessageType(StrEnum):
    """What a message is. `other` is a shape we do not know: stored raw and shown as shared content."""

    TEXT = "text"
    SHARE = "share"
    IMAGE = "image"
    VIDEO = "video"
    VOICE = "voice"
    FILE = "file"
    STORY = "story"
    STORY_MENTION = "story_mention"
    PRODUCT = "product"
    LIKE = "like"
    POSTBACK = "postback"
    UNSUPPORTED = "unsupported"
    OTHER = "other"


# These ask for nothing by themselves; a share asks once a question has taken it, a card or a story where it answers our
# "which one?" (conversations/store.py).
SILENT_TYPES = {
    MessageType.SHARE,
    MessageType.STORY,
    MessageType.STORY_MENTION,
    MessageType.PRODUCT,
    MessageType.LIKE,
}


class Sender(StrEnum):
    CUSTOMER = "customer"
    ASSISTANT = "assistant"
    OPERATOR = "operator"
    PHONE = "phone"  # a person of the shop, typing in the provider's own app


class ProcessingStatus(StrEnum):
    """How far we got with a message's content: media that must be read first are `pending`."""

    PENDING = "pending"
    COMPLETED = "completed"
    FAILED = "failed"


class WebhookState(StrEnum):
    PENDING = "pending"
    READ = "read"
    FAILED = "failed"


class EventOutcome(StrEnum):
    STORED = "stored"
    DUPLICATE = "duplicate"
    ECHO = "echo"
    IGNORED = "ignored"
    FAILED = "failed"


class InboxState(StrEnum):
    ACTIVE = "active"
    STOPPED = "stopped"  # receives, but cannot send: see `stop_reason`


class AssistantMode(StrEnum):
    OFF = "off"
    DRAFT = "draft"  # it writes, a person sends
    AUTO = "auto"


class ConversationState(StrEnum):
    ASSISTANT = "assistant"
    HANDED_OVER = "handed_over"  # waits for a person
    OPERATOR = "operator"
    CLOSED = "closed"


class ShareState(StrEnum):
    WAITING = "waiting"
    COMBINED = "combined"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"


class TurnState(StrEnum):
    OPEN = "open"
    GENERATING = "generating"
    ANSWERED = "answered"
    DRAFTED = "drafted"  # a draft waits for a person
    HANDED_OVER = "handed_over"
    DROPPED = "dropped"  # a person answered, or everything in it was unsent


class DraftState(StrEnum):
    """What became of a reply that the assistant wrote for a person to send."""

    WAITING = "waiting"
    STALE = "stale"  # the chat moved on since it was written
    APPLIED = "applied"
    EDITED = "edited"  # sent in a person's words
    DISCARDED = "discarded"


class OutsideHours(StrEnum):
    """What an assistant that answers by itself does outside its hours."""

    ANSWER = "answer"  # as usual
    DRAFT = "draft"
    HAND_OVER = "hand_over"


class DeliveryState(StrEnum):
    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"


class CommentState(StrEnum):
    """A comment under a post, and its one private reply."""

    OPEN = "open"  # nobody has answered it privately
    OWN = "own"  # the shop's own comment: never answered
    QUEUED = "queued"
    SENDING = "sending"
    REPLIED = "replied"
    FAILED = "failed"
    UNKNOWN = "unknown"  # the private reply may have arrived


class DeletionState(StrEnum):
    UNMATCHED = "unmatched"  # nobody of ours has the id it names, but an account whose id we do not know may be meant
    REQUESTED = "requested"
    DONE = "done"


class MediaKind(StrEnum):
    """What a copy is for: it decides which types and sizes are kept."""

    IMAGE = "image"
    VIDEO = "video"
    VOICE = "voice"
    FILE = "file"
    PREVIEW = "preview"  # the picture or film of a post, a reel or a story
    AVATAR = "avatar"


class MediaState(StrEnum):
    PENDING = "pending"
    STORED = "stored"
    FAILED = "failed"
    SKIPPED = "skipped"  # the provider forbids to keep it
    DROPPED = "dropped"  # nothing points to it any more: our copy goes, then the row


class SourceKind(StrEnum):
    """Where facts come from."""

    MANUAL = "manual"  # typed in the panel
    CSV = "csv"
    WOOCOMMERCE = "woocommerce"
    SHOPIFY = "shopify"
    DOCUMENT = "document"
    PAGE = "page"
    SITEMAP = "sitemap"


class SourceState(StrEnum):
    DRAFT = "draft"  # a file whose columns are being chosen: nothing of it counts yet
    WAITING = "waiting"  # to be read for the first time
    READY = "ready"
    FAILED = "failed"  # the last try; what an earlier one brought still counts


class PassageKind(StrEnum):
    FAQ = "faq"
    TEXT = "text"
    PAGE = "page"  # a piece of a web page or of a document


class ReadingState(StrEnum):
    """How far a program got with reading a file: a transcript, or the description of a picture."""

    PENDING = "pending"
    READY = "ready"
    FAILED = "failed"


class FoundBy(StrEnum):
    """How a product came to a post."""

    OWNER = "owner"  # a person of the shop chose it
    SKU = "sku"
    NAME = "name"


class PostProductState(StrEnum):
    PROPOSED = "proposed"
    CONFIRMED = "confirmed"
    REFUSED = "refused"  # never proposed again


class PriceRule(StrEnum):
    """What counts where the caption of a post and the catalogue name different prices."""

    ASK = "ask"  # neither: a person is asked
    CATALOGUE = "catalogue"


class LabelColour(StrEnum):
    """Names of colours, each with its own in light and in dark."""

    GREY = "grey"
    RED = "red"
    ORANGE = "orange"
    YELLOW = "yellow"
    GREEN = "green"
    BLUE = "blue"
    PURPLE = "purple"
    PINK = "pink"


class NotificationKind(StrEnum):
    """Why somebody of the shop is told of a conversation."""

    MENTIONED = "mentioned"  # in a note
    ASSIGNED = "assigned"
    RETURNED = "returned"  # what they had put off is due


class Digest(StrEnum):
    """How often a mail gathers what somebody has not seen."""

    OFF = "off"
    HOURLY = "hourly"
    DAILY = "daily"


class Role(StrEnum):
    OWNER = "owner"
    ADMIN = "admin"
    AGENT = "agent"
    VIEWER = "viewer"


# How far each lets the assistant go.
MODE_RANK = {AssistantMode.OFF: 0, AssistantMode.DRAFT: 1, AssistantMode.AUTO: 2}
ROLE_RANK = {Role.VIEWER: 0, Role.AGENT: 1, Role.ADMIN: 2, Role.OWNER: 3}


class HandOverReason(StrEnum):
    """Why the assistant gave a conversation to people."""

    ASKED_FOR_PERSON = "asked_for_person"
    NOT_KNOWN = "not_known"
    COMPLAINT = "complaint"
    REFUND = "refund"  # wants money or goods back
    HEALTH = "health"
    LAW = "law"
    REPEATED_MISUNDERSTANDING = "repeated_misunderstanding"
    MEDIA = "media"  # a picture, voice or file that the assistant cannot read
    UNREADABLE = "unreadable"  # something the channel would not show us
    MODEL_FAILED = "model_failed"
    REPLY_UNUSABLE = "reply_unusable"
    TOO_OLD = "too_old"  # it came after the time in which we may answer
    DELIVERY_FAILED = "delivery_failed"
    DELIVERY_UNKNOWN = "delivery_unknown"
    OUTSIDE_HOURS = "outside_hours"
    STOPPED = "stopped"  # somebody stopped the assistant for all inboxes
    BUDGET_USED = "budget_used"
    PRICES_DIFFER = "prices_differ"  # caption and catalogue name two prices, and the owner's rule is to ask


def known_reason(word: str | None) -> HandOverReason | None:
    """The reason that was written down as this word; None also for one that only a newer version knows."""
    return next((reason for reason in HandOverReason if reason == word), None)


WEBHOOK_MOVES = {
    WebhookState.PENDING: {WebhookState.READ, WebhookState.FAILED},
    WebhookState.FAILED: {WebhookState.PENDING},  # `flask replay`
    WebhookState.READ: {WebhookState.PENDING},
}
CONVERSATION_MOVES = {
    ConversationState.ASSISTANT: {
        ConversationState.HANDED_OVER,
        ConversationState.OPERATOR,
        ConversationState.CLOSED,
    },
    ConversationState.HANDED_OVER: {
        ConversationState.ASSISTANT,
        ConversationState.OPERATOR,
        ConversationState.CLOSED,
    },
    ConversationState.OPERATOR: {
        ConversationState.ASSISTANT,
        ConversationState.HANDED_OVER,
        ConversationState.CLOSED,
    },
    ConversationState.CLOSED: {
        ConversationState.ASSISTANT,
        ConversationState.HANDED_OVER,
        ConversationState.OPERATOR,
    },
}
# A share's state follows from the provider's times alone (conversations/pairing.py), so an event that arrives late may
# move it out of every state: a question that was sent in time takes a share that had already been called expired.
SHARE_MOVES = {
    ShareState.WAITING: {ShareState.COMBINED, ShareState.EXPIRED, ShareState.SUPERSEDED},
    ShareState.EXPIRED: {ShareState.COMBINED, ShareState.SUPERSEDED},
    ShareState.SUPERSEDED: {ShareState.COMBINED, ShareState.EXPIRED, ShareState.WAITING},
    ShareState.COMBINED: {ShareState.WAITING, ShareState.EXPIRED, ShareState.SUPERSEDED},
}
TURN_MOVES = {
    TurnState.OPEN: {TurnState.GENERATING, TurnState.HANDED_OVER, TurnState.DROPPED},
    TurnState.GENERATING: {
        TurnState.OPEN,
        TurnState.ANSWERED,
        TurnState.DRAFTED,
        TurnState.HANDED_OVER,
        TurnState.DROPPED,
    },
    TurnState.ANSWERED: set(),
    TurnState.DRAFTED: set(),
    TurnState.HANDED_OVER: set(),
    TurnState.DROPPED: set(),
}
DRAFT_MOVES = {
    DraftState.WAITING: {DraftState.STALE, DraftState.APPLIED, DraftState.EDITED, DraftState.DISCARDED},
    DraftState.STALE: {DraftState.APPLIED, DraftState.EDITED, DraftState.DISCARDED},
    DraftState.APPLIED: set(),
    DraftState.EDITED: set(),
    DraftState.DISCARDED: set(),
}
DELIVERY_MOVES = {
    DeliveryState.PENDING: {DeliveryState.SENDING, DeliveryState.FAILED},
    DeliveryState.SENDING: {
        DeliveryState.SENT,
        DeliveryState.FAILED,
        DeliveryState.UNKNOWN,
        DeliveryState.PENDING,  # the provider certainly did not take it
    },
    DeliveryState.UNKNOWN: {DeliveryState.SENT, DeliveryState.FAILED},  # settled by an echo or by a person
    DeliveryState.SENT: set(),
    DeliveryState.FAILED: set(),
}
COMMENT_MOVES = {
    CommentState.OPEN: {CommentState.QUEUED},
    CommentState.OWN: set(),
    CommentState.QUEUED: {CommentState.SENDING, CommentState.FAILED},
    CommentState.SENDING: {
        CommentState.REPLIED,
        CommentState.FAILED,
        CommentState.UNKNOWN,
        CommentState.QUEUED,  # the provider certainly did not take it
    },
    CommentState.FAILED: {CommentState.QUEUED},  # a person tries again: nothing had been sent
    CommentState.UNKNOWN: {CommentState.REPLIED, CommentState.FAILED},  # settled by an echo or by a person
    CommentState.REPLIED: set(),
}
DELETION_MOVES = {
    DeletionState.UNMATCHED: {DeletionState.REQUESTED, DeletionState.DONE},  # a person, or the next wish, says whose
    DeletionState.REQUESTED: {DeletionState.DONE},
    DeletionState.DONE: set(),
}

MEDIA_MOVES = {
    MediaState.PENDING: {MediaState.STORED, MediaState.FAILED, MediaState.DROPPED},
    MediaState.STORED: {MediaState.DROPPED},
    MediaState.FAILED: {MediaState.DROPPED},
    MediaState.SKIPPED: {MediaState.DROPPED},
    MediaState.DROPPED: set(),
}
SOURCE_MOVES = {
    SourceState.DRAFT: {SourceState.READY},
    SourceState.WAITING: {SourceState.READY, SourceState.FAILED},
    SourceState.READY: {SourceState.FAILED},
    SourceState.FAILED: {SourceState.READY},
}
POST_PRODUCT_MOVES = {
    PostProductState.PROPOSED: {PostProductState.CONFIRMED, PostProductState.REFUSED},
    PostProductState.CONFIRMED: {PostProductState.REFUSED},
    PostProductState.REFUSED: {PostProductState.CONFIRMED},
}
READING_MOVES = {
    ReadingState.PENDING: {ReadingState.READY, ReadingState.FAILED},
    ReadingState.READY: set(),
    ReadingState.FAILED: set(),
}


def check_move(moves: dict[State, set[State]], old: State | None, new: State) -> State:
    """Return `new` if the table allows the move from `old`; `None` means the row is being made."""
    if old is not None and old != new and new not in moves[old]:
        raise ValueError(f"{type(new).__name__} cannot move from {old} to {new}.")
    return new
