"""Cuts a reply into parts that Instagram takes: it counts bytes of UTF-8, and a Persian letter has two."""

import re
import unicodedata

LIMIT_BYTES = 1000

# Where a text may be cut, the best place first. A cut goes where a match ends; the space after it is dropped.
BREAKS = (
    re.compile(r"(?=\s*\n\s*\n)"),  # paragraph
    re.compile(r"(?=\n)"),  # line
    re.compile(r"[.!?…؟۔。！？][»”’\"')\]]*(?=\s)"),  # sentence
    re.compile(r"(?=\s)"),  # word
)
WORD = BREAKS[-1]
JOINERS = "\u200c\u200d"  # ZWNJ holds Persian words together, ZWJ emoji
SKIN_TONES = range(0x1F3FB, 0x1F400)
TAGS = range(0xE0020, 0xE0080)  # the letters of flags such as Scotland's
FLAG_LETTERS = range(0x1F1E6, 0x1F200)  # two of them are one flag


def split(text: str, limit_bytes: int = LIMIT_BYTES) -> list[str]:
    """Return the text in parts of at most `limit_bytes` bytes; nothing is lost but the space at the cuts.

    A blank text has no parts.
    """
    parts = []
    rest = text
    while (fitting := _fitting(rest, limit_bytes)) < len(rest):
        cut = _cut(rest, fitting)
        parts.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    return [part for part in [*parts, rest] if part.strip()]


def _fitting(text: str, limit_bytes: int) -> int:
    """How many characters of the text's beginning fit into the limit."""
    size = 0
    for count, character in enumerate(text):
        size += len(character.encode("utf-8", "surrogatepass"))
        if size > limit_bytes:
            return count
    return len(text)


def _cut(text: str, end: int) -> int:
    # A good place is taken only in the second half of the part, lest a short first line become a message of its own.
    for pattern in BREAKS:
        if (cut := _last(pattern, text, end)) > end // 2:
            return cut
    return _last(WORD, text, end) or _between_signs(text, end)


def _last(pattern: re.Pattern[str], text: str, end: int) -> int:
    """Where the last match ends that leaves at most `end` characters before it; 0 for none."""
    # One character more than fits is looked at: a part may be full to the brim when a space follows.
    return max((match.end() for match in pattern.finditer(text, 0, end + 1) if match.end() <= end), default=0)


def _between_signs(text: str, end: int) -> int:
    """The last place before `end` that tears no emoji and no accent from its letter; `end` if there is none."""
    return next((cut for cut in range(end, 0, -1) if not _is_inside_sign(text, cut)), end)


def _is_inside_sign(text: str, cut: int) -> bool:
    return text[cut - 1] == "\u200d" or _clings(text[cut]) or _is_inside_flag(text, cut)


def _clings(character: str) -> bool:
    code = ord(character)
    return character in JOINERS or unicodedata.category(character).startswith("M") or code in SKIN_TONES or code in TAGS


def _is_inside_flag(text: str, cut: int) -> bool:
    letters = 0
    while letters < cut and ord(text[cut - 1 - letters]) in FLAG_LETTERS:
        letters += 1
    return letters % 2 == 1 and ord(text[cut]) in FLAG_LETTERS
