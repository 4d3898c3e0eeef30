"""Looks at the bytes of a file and says what it is; names and headers of strangers are not asked."""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import BinaryIO

from pilito.errors import MediaError
from pilito.lifecycle import MediaKind

MEBIBYTE = 1024 * 1024
HEAD_BYTES = 8192
LARGEST_PIXELS = 50_000_000  # a browser unpacks a picture to four bytes a pixel
LONGEST_EDGE = 20_000
UNKNOWN_TYPE = "application/octet-stream"

PICTURES = ("image/jpeg", "image/png", "image/gif", "image/webp", "image/avif")
FILMS = ("video/mp4", "video/webm", "video/quicktime", "video/3gpp")
SOUNDS = ("audio/mpeg", "audio/mp4", "audio/ogg", "audio/wav", "audio/aac", "audio/amr", "audio/webm")
# What a browser may show in its place; everything else is a download.
SHOWN_TYPES = frozenset((*PICTURES, *FILMS, *SOUNDS))

ALIASES = {"audio/x-wav": "audio/wav", "audio/m4a": "audio/mp4", "video/x-m4v": "video/mp4"}
# The same box holds sound alone: a voice note comes in it.
SOUND_OF_FILM = {"video/mp4": "audio/mp4", "video/webm": "audio/webm", "video/3gpp": "audio/mp4"}


@dataclass(frozen=True)
class Rule:
    """What is kept of a kind; `types` empty: anything that a browser would not run."""

    types: tuple[str, ...]
    limit_bytes: int
    seconds: float  # for the whole download


# Meta takes pictures up to 8 MB and other files up to 25 MB in a message; films of posts may be longer.
RULES: Mapping[MediaKind, Rule] = {
    MediaKind.IMAGE: Rule(PICTURES, 10 * MEBIBYTE, 20),
    MediaKind.VIDEO: Rule(FILMS, 40 * MEBIBYTE, 60),
    MediaKind.VOICE: Rule(SOUNDS, 30 * MEBIBYTE, 40),
    MediaKind.FILE: Rule((), 30 * MEBIBYTE, 40),
    MediaKind.PREVIEW: Rule((*PICTURES, *FILMS), 40 * MEBIBYTE, 60),
    MediaKind.AVATAR: Rule(("image/jpeg", "image/png", "image/webp"), 3 * MEBIBYTE, 15),
}


@dataclass(frozen=True)
class Look:
    mime_type: str
    width: int | None = None
    height: int | None = None


def look_at(kind: MediaKind, file: BinaryIO) -> Look:
    """Return what the file is. Raises MediaError: `empty`, `wrong_type`, `refused_type`, `too_large`."""
    file.seek(0)
    head = file.read(HEAD_BYTES)
    if not head:
        raise MediaError("empty", "It has no bytes.")
    mime_type = _type_of(kind, head)
    types = RULES[kind].types
    if types and mime_type not in types:
        raise MediaError("wrong_type", f"Expected {kind.value}, but it is {mime_type}.")
    if mime_type in PICTURES:
        return Look(mime_type, *_measure(file))
    if is_markup(head):
        raise MediaError("refused_type", "It is a page or a drawing that a browser would run.")
    return Look(mime_type)


def _type_of(kind: MediaKind, head: bytes) -> str:
    import filetype  # late: web processes never need it

    found = filetype.guess_mime(head) or UNKNOWN_TYPE
    found = ALIASES.get(found, found)
    if kind is MediaKind.VOICE:
        return SOUND_OF_FILM.get(found, found)
    # Of other files only the one that people open by its type keeps it; the rest is a download without a meaning.
    return found if found in SHOWN_TYPES or found == "application/pdf" else UNKNOWN_TYPE


def is_markup(head: bytes) -> bool:
    """Whether the file begins as HTML, SVG or XML does, in whatever encoding; browsers skip what stands before."""
    text = head.replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n\f\v")
    return text.startswith(b"<")


def _measure(file: BinaryIO) -> tuple[int, int]:
    """Width and height by the file's header: nothing is unpacked, so that a bomb has nothing to burst in."""
    import imagesize

    file.seek(0)
    try:
        width, height = imagesize.get(io.BytesIO(file.read()))
    except Exception as error:  # a parser of hostile bytes: whatever it stumbles over, this is no picture
        raise MediaError("wrong_type", f"Its size cannot be read ({type(error).__name__}).") from None
    if not (0 < width <= LONGEST_EDGE and 0 < height <= LONGEST_EDGE and width * height <= LARGEST_PIXELS):
        raise MediaError("too_large", f"It has {width} × {height} pixels.")
    return width, height
