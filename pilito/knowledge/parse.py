"""Turns a file into blocks of text, in a process of its own: `python -m pilito.knowledge.parse KIND < file > blocks`.

Files come from anywhere. A parser that is led astray here may use this much memory and time and nothing else: the
process has no settings, no keys and no database, and ends with its file. It also keeps the parsers out of the workers'
memory. Prints JSON: {"title": …, "blocks": [[level, text], …]}, where level 0 is text and 1 to 6 a heading.
"""

import json
import re
import sys
import zipfile
from collections.abc import Iterator
from io import BytesIO
from typing import Any

MEMORY_BYTES = 768 * 1024 * 1024
CPU_SECONDS = 40
PAGES = 400
UNPACKED_BYTES = 80 * 1024 * 1024
TEXT_LENGTH = 1_500_000
DEPTH = 200

Block = tuple[int, str]
OLD_TEXTS = "cp1256"  # what text is in that is no UTF-8 and does not say

# What surrounds the text of a page on every page of a site.
AROUND = ("script", "style", "noscript", "template", "svg", "iframe", "nav", "footer", "form", "aside", "dialog",
          "[role=navigation]", "[role=banner]", "[role=contentinfo]", "[aria-hidden=true]", "[hidden]",
          "body > header", "button", "select")  # fmt: skip
# What visitors wrote beneath it is not said by the shop, and anybody can write it: a price, the number of a card.
OF_VISITORS = ("#reviews", "#comments", ".comments-area", ".commentlist", ".comment-list", "[itemprop=review]",
               "[itemprop=comment]", "[itemtype*='schema.org/Review']", "#disqus_thread", ".spr-reviews",
               ".jdgm-widget")  # fmt: skip
# What is struck out (an old price beside the new one), told to screen readers alone, or said of other products. What a
# style hides stays: tabs and whole pages are hidden until a script shows them.
NOT_SAID = ("del", "s", "strike", ".screen-reader-text", ".related.products", ".upsells", ".cross-sells")
BLOCKS = {
    *("p", "div", "li", "tr", "dt", "dd", "blockquote", "pre", "section", "article", "table", "ul", "ol", "dl", "main"),
    *("body", "td", "th", "figure", "figcaption", "address", "header", "details", "summary", "br", "hr", "caption"),
}
CELLS, EMPTY = ("td", "th"), "-"
HEADINGS = {f"h{level}": level for level in range(1, 7)}
MAIN = ("main", "[role=main]", "article", "#content", ".entry-content")
MAIN_LENGTH = 200


class Unreadable(Exception):
    """`args[0]` is a slug for the panel."""


def main() -> int:
    _limit()
    kind, content = sys.argv[1], sys.stdin.buffer.read()
    try:
        title, blocks = READERS[kind](content)
    except Unreadable as error:
        print(json.dumps({"error": error.args[0]}))
        return 0
    except MemoryError:
        print(json.dumps({"error": "too_large"}))
        return 0
    except Exception as error:  # whatever a parser makes of a broken file
        print(json.dumps({"error": "unreadable", "detail": type(error).__name__}))
        return 0
    json.dump({"title": _clean(title)[:300], "blocks": list(_bounded(blocks))}, sys.stdout)
    return 0


def _limit() -> None:
    import resource

    for limit, value in ((resource.RLIMIT_AS, MEMORY_BYTES), (resource.RLIMIT_CPU, CPU_SECONDS)):
        try:
            resource.setrlimit(limit, (value, value))
        except (ValueError, OSError):  # macOS knows no limit of the address space; the time-out outside holds
            continue


def _bounded(blocks: Iterator[Block] | list[Block]) -> Iterator[Block]:
    left = TEXT_LENGTH
    for level, text in blocks:
        text = _clean(text)
        if text and left > 0:
            yield level, text[:left]
            left -= len(text)


def _clean(text: str) -> str:
    plain = re.sub("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufeff]", " ", text or "")
    # Line by line: a pattern would look through long blank space from each of its places.
    lines = filter(None, map(str.strip, plain.split("\n")))
    return re.sub(r"[ \t\u00a0]+", " ", "\n".join(lines))


# --- by kind ---------------------------------------------------------------------------------------------------------


def _read_text(content: bytes) -> tuple[str, list[Block]]:
    return "", [(0, part) for part in re.split(r"\n\s*\n", _decode(content))]


def _read_markdown(content: bytes) -> tuple[str, list[Block]]:
    """Headings by their signs, the rest as it stands: the model reads Markdown as well as we do."""
    blocks: list[Block] = []
    text = re.sub(r"\A---\n.*?\n---\n", "", _decode(content), flags=re.DOTALL)
    text = re.sub(r"(?m)^(#{1,6}\s[^\n]*)$", r"\n\1\n", text)
    text = re.sub(
        r"(?m)^([^\s#>|*+\-][^\n]*)\n(=+|-{3,})\s*$", lambda m: f"\n{'#' if m[2][0] == '=' else '##'} {m[1]}\n", text
    )
    for part in re.split(r"\n\s*\n", text):
        blocks.append(_heading(part.strip()) or (0, part))
    first = next((text for level, text in blocks if level == 1), "")
    return first, blocks


def _heading(part: str) -> Block | None:
    """What stands behind its signs, without those that may end it: `## Returns ##`."""
    signs = re.match(r"(#{1,6})\s", part)
    words = part[signs.end() :].strip() if signs else ""
    if signs is None or not words or "\n" in words:
        return None
    return len(signs[1]), words.rstrip("#").rstrip() or words


def _decode(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", errors="replace")
    if b"\x00" in content[:4096]:
        raise Unreadable("unreadable")
    encoding = "utf-8-sig" if is_utf8(content) else OLD_TEXTS
    return content.decode(encoding, errors="replace").replace("\r\n", "\n").replace("\r", "\n")


def is_utf8(content: bytes) -> bool:
    """Also with a slip here and there, as of a program that cuts its excerpts inside a letter.

    What is in another alphabet makes some letters of UTF-8 by chance, and breaks far more.
    """
    try:
        content.decode()
    except UnicodeDecodeError:
        text = content.decode(errors="replace")
        broken = text.count("\ufffd")
        whole = len(text) - len(text.encode("ascii", "ignore")) - broken
        return whole > broken
    return True


def _read_pdf(content: bytes) -> tuple[str, list[Block]]:
    from pypdf import PdfReader
    from pypdf.errors import PdfReadError

    try:
        reader = PdfReader(BytesIO(content))
        if reader.is_encrypted and not reader.decrypt(""):
            raise Unreadable("locked")
        if len(reader.pages) > PAGES:
            raise Unreadable("too_many_pages")
        texts = [page.extract_text() for page in reader.pages]
    except PdfReadError:
        raise Unreadable("unreadable") from None
    if not any(text.strip() for text in texts):
        raise Unreadable("only_pictures")
    title = str(reader.metadata.get("/Title") or "") if reader.metadata else ""
    return title, [(0, part) for text in texts for part in re.split(r"\n\s*\n", text)]


def _read_docx(content: bytes) -> tuple[str, list[Block]]:
    import mammoth

    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > UNPACKED_BYTES:
                raise Unreadable("too_large")
            if "word/document.xml" not in archive.namelist():
                raise Unreadable("unreadable")
            if b"<!DOCTYPE" in archive.read("word/document.xml")[:2000]:
                raise Unreadable("unreadable")  # Word writes none; whoever does wants its entities unpacked
    except zipfile.BadZipFile:
        raise Unreadable("unreadable") from None
    without_pictures = mammoth.images.img_element(lambda _image: {"src": ""})
    page = mammoth.convert_to_html(BytesIO(content), convert_image=without_pictures).value
    return _read_html(f"<body>{page}</body>".encode())


def _read_html(content: bytes) -> tuple[str, list[Block]]:
    from selectolax.lexbor import LexborHTMLParser

    # What the page itself says of its letters is asked where it is no UTF-8: many say something else, and are.
    tree = LexborHTMLParser(content, encoding=not is_utf8(content))
    named = tree.css_first("title")
    heading = tree.css_first("h1")
    title = (named.text() if named else "") or (heading.text() if heading else "")
    for selector in (*AROUND, *OF_VISITORS, *NOT_SAID):
        for node in reversed(tree.css(selector)):  # what lies inside goes before what it lies in
            node.decompose()
    return title, _blocks(_main(tree))


def _main(tree: Any) -> Any:
    """The part of the page that is its own, where the page says so."""
    for selector in MAIN:
        found = tree.css(selector)
        if len(found) == 1 and len(found[0].text(strip=True)) >= MAIN_LENGTH:
            return found[0]
    return tree.body


def _blocks(root: Any) -> list[Block]:
    blocks: list[Block] = []
    line: list[str] = []

    def flush(level: int = 0) -> None:
        text = re.sub(r"\s+", " ", "".join(line)).strip()
        line.clear()
        if text:
            blocks.append((level, text))

    def walk(node: Any, depth: int) -> None:
        for child in node.iter(include_text=True):
            name = child.tag
            if name == "-text":
                line.append(child.text(deep=False))
            elif name in HEADINGS:
                flush()
                line.append(child.text())
                flush(HEADINGS[name])
            elif name == "tr":
                flush()
                line.append(_row(child))
                flush()
            elif depth < DEPTH:
                is_block = name in BLOCKS
                if is_block:
                    flush()
                walk(child, depth + 1)
                if is_block:
                    flush()

    if root is not None:
        walk(root, 0)
        flush()
    return blocks


def _row(row: Any) -> str:
    """The cells of a row. One that says nothing stays as «-», so that what a cell says is read in its own column; those
    behind the last that says something can go."""
    cells = [re.sub(r"\s+", " ", cell.text()).strip() for cell in row.iter() if cell.tag in CELLS]
    while cells and not cells[-1]:
        cells.pop()
    return " | ".join(cell or EMPTY for cell in cells)


READERS = {"txt": _read_text, "md": _read_markdown, "pdf": _read_pdf, "docx": _read_docx, "html": _read_html}

if __name__ == "__main__":
    raise SystemExit(main())
