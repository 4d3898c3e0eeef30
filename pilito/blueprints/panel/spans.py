"""The words of a message in stretches: addresses, handles and numbers keep their own direction between other words."""

import re
from dataclasses import dataclass

from pilito.blueprints.panel.present import web_link

WORD = re.compile(
    r"(?P<link>https?://[^\s<>\"'«»]+)"
    # A colleague's name behind the @ goes with it: else the sign would stand at the wrong end of the name.
    r"|(?P<handle>(?<![\w@.])@[A-Za-z0-9._]{1,30}(?: [A-Z][A-Za-z.'’-]{0,30}){0,3}"
    r"|(?<![\w@.])[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)"
    # A telephone number, an order, a card: groups that would change places between words from right to left.
    r"|(?P<number>(?<![\w.,٬٫/])\+?\d+(?:[ \u00a0\-‑()]+\d+)+(?![\w.,٬٫/]*\d)|\+\d{6,})"
)
AFTER_LINK = ".,;:!?)]}؟،؛…"  # ends the sentence, not the address


@dataclass(frozen=True)
class Span:
    text: str
    is_apart: bool = False
    url: str | None = None


def spans(text: str) -> list[Span]:
    found: list[Span] = []
    end = 0
    for match in WORD.finditer(text):
        words = match[0].rstrip(AFTER_LINK) if match["link"] else match[0].rstrip(".")
        if not words or match.start() < end:
            continue
        if match.start() > end:
            found.append(Span(text[end : match.start()]))
        found.append(Span(words, True, web_link(words) if match["link"] else None))
        end = match.start() + len(words)
    if end < len(text):
        found.append(Span(text[end:]))
    return found
