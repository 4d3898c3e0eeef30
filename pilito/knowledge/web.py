"""Pages of the web as passages: one by its address, or those of a sitemap. What has not changed costs nothing."""

import gzip
import hashlib
import html
import re
import string
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote, urljoin, urlsplit, urlunsplit
from urllib.robotparser import RobotFileParser

from pilito.errors import SourceError
from pilito.knowledge import door
from pilito.knowledge.drafts import ADDRESS_LENGTH
from pilito.knowledge.parse import is_utf8
from pilito.knowledge.passages import Piece, parse

PAGE_BYTES = 5 * 1024 * 1024
FILE_BYTES = 10 * 1024 * 1024
SITEMAP_BYTES = 10 * 1024 * 1024
SITEMAPS = 20  # of an index
PAGES = 300
USUAL_PAGES = 50
PAUSE_SECONDS = 0.5  # between two pages of a site
AGENT = "Pilito"
TEXTS = ("html", "txt", "md")  # whose letters a server may name; a PDF or a Word file is what it is, whatever it says

# Possessive: a site whose sitemap is made of spaces keeps no worker busy.
LOCATION = re.compile(r"<(?:\w++:)?loc>\s*+(?:<!\[CDATA\[)?+([^<\]]++)(?=[<\]])")
# Those of old pages that Python reads byte by byte; in what others have, the page's own word is looked for.
CHARSET = re.compile(r"charset\s*=\s*[\"']?((?:windows-|cp)125[0-8]|iso-8859-(?:1[013-6]|[1-9]))\b", re.IGNORECASE)
# What the Web means by these: with € and the quotation marks, which Python's have not.
MEANT = {"iso-8859-1": "cp1252", "iso-8859-9": "cp1254"}
ASCII = bytes(range(128))
ESCAPE = re.compile(r"%([0-9a-fA-F]{2})")
UNRESERVED = frozenset(string.ascii_letters + string.digits + "-._~")  # RFC 3986, 2.3: the same with percents
NOT_PAGES = re.compile(r"\.(jpe?g|png|gif|webp|svg|mp4|zip|xml|gz|css|js)$", re.IGNORECASE)


@dataclass(frozen=True)
class Known:
    """What an earlier reading told of a page."""

    etag: str | None = None
    last_modified: str | None = None
    content_digest: str | None = None


@dataclass(frozen=True)
class Page:
    """What a reading brought: new `pieces`, or None where nothing has changed or `error` says why there are none."""

    address: str
    title: str = ""
    etag: str | None = None
    last_modified: str | None = None
    content_digest: str | None = None
    pieces: tuple[Piece, ...] | None = None
    error: str | None = None
    is_gone: bool = False


Keep = Callable[[], None]
Pause = Callable[[float], None]


def digest(text: str | bytes) -> str:
    return hashlib.sha256(text if isinstance(text, bytes) else text.encode()).hexdigest()


def read_page(address: str, known: Known) -> Page:
    """Read one page or file of the web. Raises SourceError: `gone`, `no_text`, `unreadable`, and those of the door."""
    asked = {"Accept": "text/html,application/pdf,text/plain;q=0.8,*/*;q=0.5"}
    if known.etag:
        asked["If-None-Match"] = known.etag
    if known.last_modified:
        asked["If-Modified-Since"] = known.last_modified
    answer = door.ask(address, FILE_BYTES, asked)
    if answer.status == 304:
        return Page(address, "", known.etag, known.last_modified, known.content_digest)
    if answer.status in (404, 410):
        raise SourceError("gone", f"HTTP {answer.status}", may_pass=True)
    if answer.status in (401, 403):
        raise SourceError("page_refused", f"HTTP {answer.status}")
    if answer.status != 200:
        raise SourceError("unreachable", f"HTTP {answer.status}", may_pass=answer.status >= 500 or answer.status == 429)
    etag, modified = (
        _header(answer.headers.get(name), limit) for name, limit in (("etag", 300), ("last-modified", 64))
    )
    content_digest = digest(answer.body)
    if content_digest == known.content_digest:
        return Page(address, "", etag, modified, content_digest)
    content_type, body = answer.headers.get("content-type", ""), answer.body
    kind = _kind(content_type, body)
    if kind == "html" and len(body) > PAGE_BYTES:
        raise SourceError("too_large")
    parsed = parse(kind, _as_utf8(content_type, body) if kind in TEXTS else body)
    return Page(address, parsed.title, etag, modified, content_digest, parsed.pieces)


def _as_utf8(content_type: str, body: bytes) -> bytes:
    """The text, where the server's word alone tells in which letters it is; a page's own word is the parser's to read.

    With the mark in front, for the page may say what it was.
    """
    told = CHARSET.search(content_type)
    if told is None or is_utf8(body):
        return body
    name = told[1].lower()
    return body.decode(MEANT.get(name, name), errors="replace").encode("utf-8-sig")


def _header(value: str | None, limit: int) -> str | None:
    return value if value and len(value) <= limit and value.isprintable() and value.isascii() else None


def _kind(content_type: str, body: bytes) -> str:
    """By its first bytes, where those tell; a server's word is the second best."""
    if body.startswith(b"%PDF-"):
        return "pdf"
    if body.startswith(b"PK\x03\x04"):
        return "docx"
    name = content_type.partition(";")[0].strip().lower()
    if name == "text/markdown":
        return "md"
    if name == "text/plain":
        return "txt"
    if name in ("text/html", "application/xhtml+xml", ""):
        return "html"
    raise SourceError("unreadable", f"It is {name[:60]}.")


# --- sitemaps --------------------------------------------------------------------------------------------------------


def read_sitemap(address: str, limit: int, known: dict[str, Known], keep: Keep, pause: Pause) -> list[Page]:
    """Read up to `limit` pages of a site, as its robots.txt allows.

    A page that fails is told in its own `error`; a sitemap that fails raises SourceError, also `no_pages`.
    """
    robots = _robots(address)
    wanted = [one for one in _addresses(address, limit, keep) if robots.can_fetch(AGENT, one)]
    if not wanted:
        raise SourceError("no_pages")
    found = []
    for number, one in enumerate(wanted):
        keep()
        if number:
            pause(PAUSE_SECONDS)
        try:
            found.append(read_page(one, known.get(one, Known())))
        except SourceError as error:
            found.append(Page(one, error=error.reason, is_gone=error.reason == "gone"))
    if all(page.error for page in found):
        raise SourceError(found[0].error or "unreachable", may_pass=True)
    return found


def _addresses(address: str, limit: int, keep: Keep) -> list[str]:
    """The pages that a sitemap names, those of its own host only; an index is followed one step."""
    host = urlsplit(address).netloc.lower().removeprefix("www.")
    waiting: list[str] = [address]
    seen: set[str] = set()
    pages: dict[str, str] = {}
    while waiting and len(seen) < SITEMAPS and len(pages) < limit:
        keep()
        sitemap = waiting.pop(0)
        seen.add(sitemap)
        text = _sitemap(sitemap)
        named = (_named(sitemap, one) for one in LOCATION.findall(text))
        own = [one for one in named if one and urlsplit(one).netloc.lower().removeprefix("www.") == host]
        if "<sitemapindex" in text[:2000]:
            waiting += [one for one in own if one not in seen] if sitemap == address else []
        else:
            for one in own:
                if not NOT_PAGES.search(urlsplit(one).path):
                    pages.setdefault(_normal(one), one)
    return list(pages.values())[:limit]


def _normal(address: str) -> str:
    """One form for all ways to write an address: its host in small letters, and percents only where they are needed."""
    parts = urlsplit(address)
    written = urlunsplit(parts._replace(scheme=parts.scheme.lower(), netloc=parts.netloc.lower()))
    return ESCAPE.sub(_plainly, quote(written, safe=ASCII))


def _plainly(escape: re.Match[str]) -> str:
    letter = chr(int(escape[1], 16))
    return letter if letter in UNRESERVED else escape[0].upper()


def _sitemap(address: str) -> str:
    answer = door.ask(address, SITEMAP_BYTES)
    if answer.status != 200:
        raise SourceError("no_sitemap", f"HTTP {answer.status}", may_pass=answer.status >= 500)
    body = answer.body
    if body.startswith(b"\x1f\x8b"):
        try:
            body = zlib.decompressobj(wbits=31).decompress(body, SITEMAP_BYTES)
        except (zlib.error, gzip.BadGzipFile):
            raise SourceError("no_sitemap", "It is packed and broken.") from None
    text = body.decode("utf-8", errors="replace")
    if "<urlset" not in text and "<sitemapindex" not in text:
        raise SourceError("no_sitemap", "It is no sitemap.")
    return text


def _named(sitemap: str, location: str) -> str | None:
    """The address that a sitemap names, without its fragment; None for what is none."""
    try:
        address = urljoin(sitemap, html.unescape(location).strip())
        return urlunsplit(urlsplit(address)._replace(fragment="")) if len(address) <= ADDRESS_LENGTH else None
    except ValueError:  # "https://[shop"
        return None


def _robots(address: str) -> RobotFileParser:
    """What the site lets be read; a site without the file lets everything be."""
    rules = RobotFileParser()
    parts = urlsplit(address)
    try:
        answer = door.ask(f"{parts.scheme}://{parts.netloc}/robots.txt", 500_000)
        lines = answer.body.decode("utf-8", errors="replace").splitlines() if answer.status == 200 else []
    except SourceError:
        lines = []
    rules.parse(lines)
    return rules
