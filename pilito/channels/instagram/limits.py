"""What Instagram takes: the shape of a message, and how many calls. Each rule stands once; sources: README.md."""

from collections.abc import Callable
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from pilito.channels.base import Button, Card, FileRule, Limit, Outbound, OutboundFile, Problem
from pilito.channels.instagram.split import LIMIT_BYTES
from pilito.channels.instagram.values import http_url

QUICK_REPLIES, QUICK_REPLY_TITLE, QUICK_REPLY_PAYLOAD = 13, 20, 1000
QUICK_REPLY_KINDS = ("text", "phone", "email")
CARDS, CARD_BUTTONS, CARD_WORDS, BUTTON_TITLE = 10, 3, 80, 20
URL_LENGTH = 2000
EMOJI_LENGTH = 32
MEGABYTE = 1024 * 1024

# kind -> largest size, content types, and the endings of a name that mean them.
FILES = {
    "image": (8 * MEGABYTE, ("image/png", "image/jpeg"), (".png", ".jpg", ".jpeg")),
    "voice": (
        25 * MEGABYTE,
        ("audio/aac", "audio/mp4", "audio/m4a", "audio/x-m4a", "audio/wav", "audio/x-wav", "video/mp4"),
        (".aac", ".m4a", ".wav", ".mp4"),
    ),
    "video": (
        25 * MEGABYTE,
        ("video/mp4", "video/ogg", "video/x-msvideo", "video/quicktime", "video/webm"),
        (".mp4", ".ogg", ".ogv", ".avi", ".mov", ".webm"),
    ),
    "file": (25 * MEGABYTE, ("application/pdf",), (".pdf",)),
}
SENDS = {kind: FileRule(limit_bytes, types) for kind, (limit_bytes, types, _) in FILES.items()}


def check(outbound: Outbound) -> Problem | None:
    """Return what Instagram would refuse about this; None when it would take it."""
    return next((Problem(reason, expected) for reason, expected, is_broken in RULES if is_broken(outbound)), None)


def _is_empty(outbound: Outbound) -> bool:
    return outbound.kind == "text" and not outbound.text.strip()


def _is_mixed(outbound: Outbound) -> bool:
    """A message holds one thing; what belongs together is sent as several."""
    things = (outbound.text, outbound.file, outbound.cards, outbound.is_like, outbound.reaction)
    return sum(map(bool, things)) > 1


def _is_too_long(outbound: Outbound) -> bool:
    return len(outbound.text.encode("utf-8", "surrogatepass")) > LIMIT_BYTES


def _has_wrong_quick_reply(outbound: Outbound) -> bool:
    return any(
        reply.kind not in QUICK_REPLY_KINDS
        or (reply.kind == "text" and not 0 < len(reply.title.strip()) <= QUICK_REPLY_TITLE)
        or len(reply.title) > QUICK_REPLY_TITLE
        or len(reply.payload) > QUICK_REPLY_PAYLOAD
        for reply in outbound.quick_replies
    )


def _has_wrong_url(outbound: Outbound) -> bool:
    """Meta fetches it, from the open internet and over TLS."""
    urls = [outbound.file.url] if outbound.file else []
    for card in outbound.cards:
        urls += [url for url in (card.image_url, card.url, *(button.url for button in card.buttons)) if url]
    return not all(_is_public_https(url) for url in urls)


def _is_public_https(url: str) -> bool:
    return http_url(url) == url and url.startswith("https://") and len(url) <= URL_LENGTH


def _is_wrong_format(outbound: Outbound) -> bool:
    file = outbound.file
    if file is None:
        return False
    if file.kind not in FILES:
        return True
    _, types, endings = FILES[file.kind]
    if file.content_type:
        return file.content_type.partition(";")[0].strip().lower() not in types
    # An address without an ending may be anything: Meta looks at what it fetches, and says so.
    ending = _ending(file)
    return bool(ending) and ending not in endings


def _ending(file: OutboundFile) -> str:
    ending = PurePosixPath(urlsplit(file.url).path).suffix.lower()
    return ending if ending[1:].isalnum() and len(ending) <= 5 else ""


def _is_too_large(outbound: Outbound) -> bool:
    file = outbound.file
    return file is not None and file.size_bytes is not None and file.size_bytes > FILES[file.kind][0]


def _has_wrong_card(outbound: Outbound) -> bool:
    return any(
        not 0 < len(card.title.strip()) <= CARD_WORDS or len(card.subtitle) > CARD_WORDS or _is_bare(card)
        for card in outbound.cards
    )


def _is_bare(card: Card) -> bool:
    """A card needs something beside its title."""
    return not (card.subtitle or card.image_url or card.buttons)


def _has_wrong_button(outbound: Outbound) -> bool:
    buttons = [button for card in outbound.cards for button in card.buttons]
    return any(len(card.buttons) > CARD_BUTTONS for card in outbound.cards) or any(map(_is_wrong_button, buttons))


def _is_wrong_button(button: Button) -> bool:
    does_one_thing = bool(button.url) != bool(button.payload)
    return not does_one_thing or not 0 < len(button.title.strip()) <= BUTTON_TITLE


def _is_wrong_reaction(outbound: Outbound) -> bool:
    reaction = outbound.reaction
    return reaction is not None and (not reaction.external_id or len(reaction.emoji or "") > EMOJI_LENGTH)


# The first rule that is broken gives the reason, and says what was expected.
RULES: tuple[tuple[str, str, Callable[[Outbound], bool]], ...] = (
    ("empty", "Expected a text, a file, cards, a heart or a reaction.", _is_empty),
    ("mixed", "Expected one thing in a message: a text, a file, cards, a heart or a reaction.", _is_mixed),
    ("text_too_long", f"Expected a text of at most {LIMIT_BYTES} bytes of UTF-8.", _is_too_long),
    (
        "quick_replies_too_many",
        f"Expected at most {QUICK_REPLIES} quick replies.",
        lambda outbound: len(outbound.quick_replies) > QUICK_REPLIES,
    ),
    (
        "quick_replies_without_text",
        "Expected a text above the quick replies.",
        lambda outbound: bool(outbound.quick_replies) and not outbound.text.strip(),
    ),
    (
        "quick_reply_wrong",
        f"Expected for each quick reply a kind ({', '.join(QUICK_REPLY_KINDS)}), for a text a title of 1 to"
        f" {QUICK_REPLY_TITLE} characters, and a payload of at most {QUICK_REPLY_PAYLOAD}.",
        _has_wrong_quick_reply,
    ),
    ("address_wrong", "Expected an address that begins with https:// and that anybody may fetch.", _has_wrong_url),
    (
        "file_format",
        "Expected a picture as png or jpeg, a voice as aac, m4a, wav or mp4, a video as mp4, ogg, avi, mov or webm,"
        " or a file as pdf.",
        _is_wrong_format,
    ),
    ("file_too_large", "Expected a picture of at most 8 MB, or another file of at most 25 MB.", _is_too_large),
    ("cards_too_many", f"Expected at most {CARDS} cards.", lambda outbound: len(outbound.cards) > CARDS),
    (
        "card_wrong",
        f"Expected for each card a title of 1 to {CARD_WORDS} characters, and beside it a subtitle of at most"
        f" {CARD_WORDS}, a picture or a button.",
        _has_wrong_card,
    ),
    (
        "card_buttons_wrong",
        f"Expected at most {CARD_BUTTONS} buttons on a card, each with a title of 1 to {BUTTON_TITLE} characters and"
        " either a url or a payload.",
        _has_wrong_button,
    ),
    ("reaction_wrong", "Expected the message that the reaction is for, and one sign.", _is_wrong_reaction),
)

# Meta's pages give 100 and 300 calls a second for the same thing; the lower is kept.
MESSAGES = Limit("messages", 100, 1)
MEDIA = Limit("media", 10, 1)
CONVERSATIONS = Limit("conversations", 2, 1)
PRIVATE_REPLIES = Limit("private_replies", 750, 3600)


def limits(outbound: Outbound) -> tuple[Limit, ...]:
    """Return the limits that this call counts against."""
    own = (MEDIA,) if outbound.kind in ("voice", "video") else ()
    private = (PRIVATE_REPLIES,) if outbound.comment_id else ()
    return (MESSAGES, *own, *private)
