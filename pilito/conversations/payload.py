"""What a reply carries beside its text: cut into parts that are sent one by one, and kept on each delivery as JSON."""

import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

from pilito.channels.base import Button, Card, File, Outbound, OutboundFile, OutboundReaction, QuickReply

Json = dict[str, Any]

OWN = "media:"  # an address of this scheme is a file of our own store
OWN_ADDRESS = re.compile(r"media:([0-9]{1,18})")


@dataclass(frozen=True)
class Extras:
    """What a person adds to the text of a reply; see Outbound."""

    quick_replies: tuple[QuickReply, ...] = ()
    file: OutboundFile | None = None
    file_name: str | None = None  # as the person's own machine calls it
    cards: tuple[Card, ...] = ()
    is_like: bool = False
    reaction: OutboundReaction | None = None
    reply_to_external_id: str | None = None

    @property
    def has_content(self) -> bool:
        """Whether there is something to send without any text."""
        return bool(self.file or self.cards or self.is_like or self.reaction)


NOTHING = Extras()


def parts_of(texts: list[str], extras: Extras) -> list[Outbound]:
    """Cut a reply into parts: file, cards, heart or reaction, then the texts; the recipient is filled in later.

    The quick replies stand under the last text: Instagram shows them only while nothing comes after them. What is
    answered is named by the first part.
    """
    parts = [
        *([Outbound("", file=extras.file)] if extras.file else []),
        *([Outbound("", cards=extras.cards)] if extras.cards else []),
        *([Outbound("", is_like=True)] if extras.is_like else []),
        *([Outbound("", reaction=extras.reaction)] if extras.reaction else []),
        *(Outbound("", text) for text in texts),
    ]
    if not parts and extras != NOTHING:
        parts = [Outbound("")]
    if parts:
        parts[-1] = replace(parts[-1], quick_replies=extras.quick_replies)
        parts[0] = replace(parts[0], reply_to_external_id=extras.reply_to_external_id)
    return parts


def payload_of(part: Outbound) -> Json | None:
    """Return what the part has beside its text, as JSON; None for a plain text."""
    kept = asdict(replace(part, recipient_id="", text="", tag=None))
    plain = asdict(PLAIN)
    return {name: value for name, value in kept.items() if value != plain[name]} or None


PLAIN = Outbound("")


def is_reaction(payload: Json | None) -> bool:
    """Whether the part is an emoji on a message of the customer: nobody waits for it."""
    return bool((payload or {}).get("reaction"))


def outbound_of(recipient_id: str, text: str, tag: str | None, payload: Json | None) -> Outbound:
    """Return what `payload_of` kept, with its recipient."""
    if not payload:
        return Outbound(recipient_id, text, tag)
    file, reaction = payload.get("file"), payload.get("reaction")
    return Outbound(
        recipient_id,
        text,
        tag,
        quick_replies=tuple(QuickReply(**reply) for reply in payload.get("quick_replies", ())),
        file=OutboundFile(**file) if file else None,
        cards=tuple(_card(card) for card in payload.get("cards", ())),
        is_like=bool(payload.get("is_like")),
        reaction=OutboundReaction(**reaction) if reaction else None,
        reply_to_external_id=payload.get("reply_to_external_id"),
    )


def _card(card: Json) -> Card:
    return Card(**{**card, "buttons": tuple(Button(**button) for button in card.get("buttons", ()))})


def shown_files(extras: Extras) -> list[File]:
    """Return the files that the panel shows for the reply."""
    files = [File(extras.file.kind, extras.file.url, extras.file_name)] if extras.file else []
    return files + [File("product", card.image_url, card.title) for card in extras.cards]


# --- files of our own ------------------------------------------------------------------------------------------------


def own_address(media_id: int) -> str:
    """What stands for the address of a file in our own store, until it is sent: that one is open for an hour only."""
    return f"{OWN}{media_id}"


def own_id(url: str | None) -> int | None:
    """The file that such an address means; None for any other."""
    found = None if url is None else OWN_ADDRESS.fullmatch(url)
    return int(found[1]) if found else None


def own_ids(extras: Extras) -> list[int]:
    """The files of our own store that a reply carries."""
    urls = [extras.file.url if extras.file else None, *(card.image_url for card in extras.cards)]
    return [media_id for media_id in map(own_id, urls) if media_id is not None]


def readdressed(part: Outbound, address_of: Callable[[int], str]) -> Outbound:
    """The part with real addresses for its files of our own store."""

    def real(url: str) -> str:
        media_id = own_id(url)
        return url if media_id is None else address_of(media_id)

    return replace(
        part,
        file=replace(part.file, url=real(part.file.url)) if part.file else None,
        cards=tuple(replace(card, image_url=real(card.image_url)) if card.image_url else card for card in part.cards),
    )
