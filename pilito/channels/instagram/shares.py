"""Reads shared posts and reels out of attachments and typed links. Which shape Meta used when: README.md."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import replace
from functools import reduce
from urllib.parse import urlsplit

from pilito.channels.base import SharedMedia
from pilito.channels.instagram.attachments import Attachment, media_id_in
from pilito.channels.instagram.values import MEDIA_ID_LENGTH, first_part, id_of

# The kinds of a share, the most telling first: where one post came in two shapes, the first names it.
KINDS = ("ig_post", "ig_reel", "reel", "share", "post", "link")
KINDS_TITLED_BY_CAPTION = ("ig_post", "ig_reel", "reel", "post")
PARTS = ("media_id", "title", "subtitle", "caption", "url", "permalink")

HOSTS = ("instagram.com", "instagr.am")
# /p/<code>, /<user>/reel/<code>, …; but /reels/audio/<id> is the page of a sound.
PAGE = r"/(?:[\w.]{1,64}/)?(?:p|reels?|tv)/(?!audio\b)[\w-]+"
PAGE_PATH = re.compile(PAGE, re.ASCII | re.IGNORECASE)
# ASCII, so that a Persian word typed right after the link stays out of it. An address inside another address
# (`?u=instagram.com/p/…`) is no share.
TYPED_LINK = re.compile(
    rf"(?<![\w.@/=&%?#+~-])(?:https?://)?(?:[a-z]{{1,8}}\.)?instagr(?:am\.com|\.am){PAGE}(?:[/?#][!-~]*)?",
    re.ASCII | re.IGNORECASE,
)
NEW_LINE = "\n"
SENTENCE_ENDS = ".,;:!?)]}>'\"*"


def share_of(attachment: Attachment) -> SharedMedia | None:
    """Return the post or reel that an attachment points to; None when it is something else."""
    if attachment.is_link:
        return _shared("link", attachment) if is_permalink(attachment.url) else None
    return _shared(attachment.provider_type, attachment) if attachment.provider_type in KINDS else None


def _shared(kind: str, attachment: Attachment) -> SharedMedia:
    title, caption = _title_and_caption(kind, attachment)
    return SharedMedia(
        kind=kind,
        media_id=media_id_in(attachment.details),
        title=title,
        subtitle=first_part(attachment.details, "subtitle"),
        caption=caption,
        url=attachment.url,
        # Decided by host, not by type: each type has carried files on a CDN in one year and pages in another.
        permalink=attachment.url if is_permalink(attachment.url) else None,
    )


def _title_and_caption(kind: str, attachment: Attachment) -> tuple[str | None, str | None]:
    title = first_part(attachment.details, "title")
    caption = first_part(attachment.details, "caption", "description")
    return (None, title) if caption is None and _is_titled_by_caption(kind, attachment) else (title, caption)


def _is_titled_by_caption(kind: str, attachment: Attachment) -> bool:
    """Whether `title` holds the post's caption: always in the named kinds, in `share` once it carries the post's id."""
    media_id = id_of(attachment.details.get("ig_post_media_id"), MEDIA_ID_LENGTH)
    return kind in KINDS_TITLED_BY_CAPTION or media_id is not None


def is_permalink(url: str | None) -> bool:
    """Tell whether an address is the page of a post or reel on Instagram's own site."""
    parts = urlsplit(url or "")
    host = parts.hostname or ""
    is_instagram = any(host == name or host.endswith(f".{name}") for name in HOSTS)
    return is_instagram and PAGE_PATH.match(parts.path) is not None


def share_in_text(text: str) -> tuple[SharedMedia | None, str]:
    """Return the first post or reel whose link was typed, and what the text says besides.

    What is left is empty when there are only links and punctuation: nothing was asked.
    """
    match = TYPED_LINK.search(text)
    if match is None:
        return None, text
    link = match.group().rstrip(SENTENCE_ENDS)
    rest = _without(text, match.start(), match.start() + len(link))
    url = link if link.lower().startswith("http") else f"https://{link}"
    return SharedMedia("link", url=url, permalink=url), rest if _says_something(rest) else ""


def _without(text: str, start: int, end: int) -> str:
    """The text without one stretch of it; the lines around it stay lines."""
    before, after = text[:start], text[end:]
    gap = before[len(before.rstrip()) :] + after[: len(after) - len(after.lstrip())]
    return f"{before.rstrip()}{NEW_LINE if NEW_LINE in gap else ' '}{after.lstrip()}".strip()


def _says_something(text: str) -> bool:
    """Whether there is more than links, punctuation and space; a question mark alone is a question."""
    return any(sign in "?؟" or unicodedata.category(sign)[0] not in "PZC" for sign in TYPED_LINK.sub("", text))


def one_share(shares: Iterable[SharedMedia | None]) -> SharedMedia | None:
    """Return the one share of a message that has several, with the parts that only the others knew."""
    found = sorted(filter(None, shares), key=lambda share: KINDS.index(share.kind))
    return reduce(_joined, found) if found else None


def _joined(share: SharedMedia, other: SharedMedia) -> SharedMedia:
    if share.media_id and other.media_id and share.media_id != other.media_id:
        return share  # another post: the slides of a carousel, say
    known = {part: getattr(share, part) or getattr(other, part) for part in PARTS}
    joined = replace(share, **known)
    return replace(joined, title=None) if joined.title == joined.caption else joined
