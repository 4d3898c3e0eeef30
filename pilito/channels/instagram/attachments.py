"""Reads the attachments of a message: what each is to us, and the file behind it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pilito.channels.base import File
from pilito.channels.instagram.values import (
    MEDIA_ID_LENGTH,
    first_id,
    http_url,
    list_of,
    mapping_of,
    part_of,
    word_of,
)
from pilito.lifecycle import MediaKind, MessageType

# Meta's word for an attachment -> what the message is. Shares and links are decided in shares.py and content.py.
TYPES = {
    "image": MessageType.IMAGE,
    "video": MessageType.VIDEO,
    "audio": MessageType.VOICE,
    "file": MessageType.FILE,
    "story_mention": MessageType.STORY_MENTION,
    "story": MessageType.STORY,
    "ig_story": MessageType.STORY,
    "template": MessageType.PRODUCT,
    "product": MessageType.PRODUCT,
    "like_heart": MessageType.LIKE,
    "ephemeral": MessageType.UNSUPPORTED,
    "unsupported_type": MessageType.UNSUPPORTED,
}
LINKS = ("fallback", "link")
FILE_KINDS = {"audio": "voice"}
# A file's kind -> what our copy of it is; the words that are not here have no file of their own.
MEDIA_KINDS = {
    "image": MediaKind.IMAGE,
    "video": MediaKind.VIDEO,
    "voice": MediaKind.VOICE,
    "file": MediaKind.FILE,
    "story": MediaKind.PREVIEW,
    "ig_story": MediaKind.PREVIEW,
    "story_mention": MediaKind.PREVIEW,
    "template": MediaKind.IMAGE,
    "product": MediaKind.IMAGE,
    "share": MediaKind.PREVIEW,  # the further slides of a carousel
    "ig_post": MediaKind.PREVIEW,
}
NEVER_KEPT = ("story_mention",)  # Meta: the media of a mention must not be stored, its address may
MEDIA_HOSTS = ("fbsbx.com", "fbcdn.net", "cdninstagram.com")
URL_KEYS = ("url", "story_media_url", "image_url")
MEDIA_ID_KEYS = ("ig_post_media_id", "reel_video_id", "video_id", "story_media_id", "media_id", "id")


@dataclass(frozen=True)
class Attachment:
    """One attachment: Meta's word for it, and all that is said of it."""

    provider_type: str
    details: Mapping[str, Any]

    @property
    def message_type(self) -> MessageType:
        if self.provider_type == "template" and not _cards(self.details) and not self.url:
            return MessageType.OTHER  # a comment that was shared comes as a template without cards
        return TYPES.get(self.provider_type, MessageType.OTHER)

    @property
    def is_link(self) -> bool:
        return self.provider_type in LINKS

    @property
    def url(self) -> str | None:
        return url_in(self.details)


def read_attachments(value: Any) -> list[Attachment]:
    """Return every attachment, also those that say nothing of themselves."""
    return [_read(mapping_of(one)) for one in list_of(value)]


def _read(attachment: Mapping[str, Any]) -> Attachment:
    # Old `fallback` attachments carry url and title themselves, and a string where others have their payload.
    details = {**attachment, **mapping_of(attachment.get("payload"))}
    return Attachment(word_of(attachment.get("type"), "unknown").lower(), details)


def url_in(details: Mapping[str, Any]) -> str | None:
    return next((url for key in URL_KEYS if (url := http_url(details.get(key)))), None)


def media_id_in(details: Mapping[str, Any]) -> str | None:
    return first_id(details, MEDIA_ID_KEYS, MEDIA_ID_LENGTH)


def files_of(attachments: Iterable[Attachment], story: Mapping[str, Any]) -> tuple[File, ...]:
    """Return the files of a message: its attachments, then the story it answers; no address twice."""
    files = [file for attachment in attachments for file in _files(attachment)]
    return tuple(_without_repeats([*files, *([_file("story", story)] if story else [])]))


def _files(attachment: Attachment) -> list[File]:
    kind = FILE_KINDS.get(attachment.provider_type, attachment.provider_type)
    return [_file(kind, each) for each in _cards(attachment.details) or [attachment.details]]


def _cards(details: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The products or cards of a template, each with a picture and a title of its own."""
    lists = [mapping_of(details.get(name)).get("elements") for name in ("product", "generic")]
    return [card for cards in lists for card in list_of(cards) if isinstance(card, dict)]


def _file(kind: str, details: Mapping[str, Any]) -> File:
    # The second line of a card holds its price.
    title = " · ".join(part for key in ("title", "subtitle") if (part := part_of(details.get(key))))
    return File(kind, url_in(details), title or None, media_id_in(details))


def _without_repeats(files: Iterable[File]) -> Iterable[File]:
    seen: set[str | None] = set()
    for file in files:
        if file.url is None or file.url not in seen:
            yield file
        seen.add(file.url)
