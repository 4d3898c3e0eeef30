"""Shows where in a text the words are that were looked for: pieces of the text, of which some are found."""

import re
from dataclasses import dataclass

from pilito.search.terms import Question, plain_words
from pilito.stems import compounds_of

# A word as it stands in a text: with the marks inside it that nobody sees, and the joiners between its parts.
STANDING = re.compile(r"[^\W_]+(?:[\u00ad\u034f\u0640\u064b-\u065f\u0670\u200b-\u200f\u2060]+[^\W_]*)*")
BEFORE, AROUND = 40, 180  # characters of an excerpt before the first word found, and altogether
CUT = "…"


@dataclass(frozen=True)
class Piece:
    text: str
    is_found: bool = False


def mark(text: str, question: Question) -> list[Piece]:
    """The whole text in pieces."""
    pieces, end = [], 0
    for match in STANDING.finditer(text):
        if _is_found(match[0], question):
            if match.start() > end:
                pieces.append(Piece(text[end : match.start()]))
            pieces.append(Piece(match[0], is_found=True))
            end = match.end()
    return [*pieces, Piece(text[end:])] if end < len(text) else pieces


def excerpt(text: str, question: Question) -> list[Piece]:
    """What stands around the first word found, on one line; the beginning, where none is."""
    text = " ".join(text.split())
    first = next((match.start() for match in STANDING.finditer(text) if _is_found(match[0], question)), 0)
    start = _word_begins(text, max(0, first - BEFORE)) if first > BEFORE else 0
    end = start + AROUND
    shown = text[start:end] if end >= len(text) else text[start:end].rsplit(" ", 1)[0]
    pieces = mark(shown, question)
    return [
        *([Piece(CUT)] if start else []),
        *pieces,
        *([Piece(CUT)] if start + len(shown) < len(text) else []),
    ]


def found_words(text: str, question: Question) -> list[str]:
    """The words of the text that were looked for, as they stand in it, each once."""
    return list(dict.fromkeys(piece.text for piece in mark(text, question) if piece.is_found))


def _word_begins(text: str, place: int) -> int:
    space = text.rfind(" ", 0, place + 1)
    return space + 1


def _is_found(standing: str, question: Question) -> bool:
    return any(map(question.finds, [*plain_words(standing), *compounds_of(standing)]))
