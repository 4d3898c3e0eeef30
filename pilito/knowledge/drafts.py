"""A product as it was read, wherever it was read: clean, within the tables' limits, not yet stored."""

import html
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

from pilito.errors import Refused

NAME_LENGTH = 300
DESCRIPTION_LENGTH = 8_000
ADDRESS_LENGTH = 2_000
SKU_LENGTH = 128
CHOICE_LENGTH = 100
OTHER_LENGTH = 200
EXTERNAL_ID_LENGTH = 191
PICTURES = 10
VARIANTS = 300  # of one product
STOCK_LIMIT = 10**9

# Control characters have no business in a name; PostgreSQL refuses a NUL, and lone halves of a pair have no UTF-8.
UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
# What a browser shows as no words, up to its end; and what is struck out, with what ends it.
UNSAID = re.compile(
    r"(?i)<!--|<(?P<raw>script|style)(?=[\s/>])|<(?P<struck>del|strike|s)(?=[\s/>])|</(?P<end>del|strike|s)\s*>"
)
SPACES = re.compile(r"[ \t\r\f\v\u00a0]+")


@dataclass(frozen=True)
class Problem:
    """Why something cannot be taken: a slug for the panel, with where it stands and what it says."""

    reason: str
    column: str = ""
    value: str = ""
    line: int = 0


class Problems(Refused):
    """Some of what was given cannot be taken, so that none of it is."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(problems[0].reason, f"{len(problems)} problems, first: {problems[0]}")
        self.problems = problems


@dataclass(frozen=True)
class VariantDraft:
    """As the table `variant`; see there."""

    external_id: str | None = None
    sku: str | None = None
    size: str | None = None
    colour: str | None = None
    other: str | None = None
    price: int | None = None
    old_price: int | None = None
    stock: int | None = None
    available: bool | None = None


@dataclass(frozen=True)
class ProductDraft:
    """As the table `product`; see there."""

    name: str
    external_id: str | None = None
    description: str = ""
    category: str = ""
    sku: str | None = None
    link: str | None = None
    picture_url: str | None = None
    more_pictures: tuple[str, ...] = ()
    currency: str | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    variants: tuple[VariantDraft, ...] = field(default_factory=lambda: (VariantDraft(),))


def clean_line(text: object, limit: int) -> str:
    """One line: what a name, a size, a code is."""
    return SPACES.sub(" ", UNPRINTABLE.sub("", str(text or "")).replace("\n", " ")).strip()[:limit].strip()


def clean_text(text: object, limit: int) -> str:
    """Several lines, with at most one empty one between them."""
    lines = [SPACES.sub(" ", line).strip() for line in UNPRINTABLE.sub("", str(text or "")).splitlines()]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()[:limit].strip()


def clean_address(text: object) -> str | None:
    """An address of the web, or None: what is `javascript:`, or too long, is no link that we keep."""
    address = clean_line(text, ADDRESS_LENGTH + 1)
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    is_web = parts.scheme in ("http", "https") and bool(parts.hostname) and " " not in address
    return address if is_web and len(address) <= ADDRESS_LENGTH and "@" not in parts.netloc else None


def or_none(text: str) -> str | None:
    return text or None


def without_tags(text: str) -> str:
    """The words of a piece of HTML, as shop software keeps descriptions. What has no tag is left as it is."""
    if "<" not in text and "&" not in text:
        return text
    lines = re.sub(r"(?i)<(br|/p|/li|/div|/h\d|/tr)\b[^<>]{0,2000}>", "\n", _without_unsaid(text))
    return html.unescape(re.sub(r"</?[a-zA-Z!?][^<>]{0,2000}>", " ", lines))


def _without_unsaid(text: str) -> str:
    """Without what the shop tells nobody: comments, scripts, styles, and what is struck out, an old price mostly."""
    kept, place = [], 0
    for begin, end in sorted(_unsaid(text)):
        if begin >= place:
            kept.append(text[place:begin])
        place = max(place, end)
    return " ".join([*kept, text[place:]])


def _unsaid(text: str) -> Iterator[tuple[int, int]]:
    """Where it begins and ends. A comment or script that is never closed takes the rest, as in a browser; «<S>» does
    not, for it is a size, too."""
    place, open_at = 0, defaultdict[str, list[int]](list)
    for tag in UNSAID.finditer(text):
        if tag.start() < place:
            continue
        if tag["struck"]:
            open_at[tag["struck"].lower()].append(tag.start())
        elif tag["end"]:
            if begun := open_at[tag["end"].lower()]:
                yield begun.pop(), tag.end()
        else:
            found = re.compile(rf"(?i)</{tag['raw']}\s*>" if tag["raw"] else "-->").search(text, tag.end())
            place = found.end() if found else len(text)
            yield tag.start(), place
