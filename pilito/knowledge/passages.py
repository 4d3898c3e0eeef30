"""Blocks of text are cut into passages: at headings and paragraphs, each large enough to mean something alone."""

import json
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pilito.config import ROOT
from pilito.errors import SourceError

WANTED_LENGTH, LONGEST_LENGTH = 900, 1200
PASSAGES = 1000  # of one page or document
PARSE_SECONDS = 60
KINDS = ("txt", "md", "pdf", "docx", "html")

# Where a long paragraph may be cut: behind the end of a sentence, in any of our languages.
SENTENCE_END = re.compile(r"(?<=[.!?؟؛…])\s+|\n")


@dataclass(frozen=True)
class Piece:
    heading: str
    text: str


@dataclass(frozen=True)
class Parsed:
    title: str
    pieces: tuple[Piece, ...]


def parse(kind: str, content: bytes) -> Parsed:
    """Read a file in a process of its own. Raises SourceError: `unreadable`, `too_large`, `only_pictures`, …"""
    if kind not in KINDS:
        raise SourceError("unreadable", f"There is no reader for {kind}.")
    command = [sys.executable, "-m", "pilito.knowledge.parse", kind]
    try:
        # No environment: a parser that is led astray finds no key and no address. What it complains of is not kept: a
        # file may make it complain for as long as it may run.
        done = subprocess.run(  # noqa: S603  (our own module, a word of KINDS)
            command,
            input=content,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=PARSE_SECONDS,
            cwd=ROOT,
            env={"LANG": "C.UTF-8"},
        )
        broke: dict[str, Any] = {"error": "unreadable", "detail": "It broke off."}
        said: dict[str, Any] = json.loads(done.stdout) if done.returncode == 0 else broke
    except subprocess.TimeoutExpired:
        said = {"error": "too_large"}
    except ValueError:
        said = {"error": "unreadable"}
    if "error" in said:
        raise SourceError(said["error"], said.get("detail", ""))
    pieces = cut([(int(level), str(text)) for level, text in said["blocks"]], said["title"])
    if not pieces:
        raise SourceError("no_text")
    return Parsed(said["title"], tuple(pieces[:PASSAGES]))


def cut(blocks: Sequence[tuple[int, str]], title: str = "") -> list[Piece]:
    """Return the pieces of a text, each under the headings that it stands under."""
    found: list[Piece] = []
    path: dict[int, str] = {}
    held: list[str] = []

    def put_down() -> None:
        if held:
            found.append(Piece(_heading(path, title), "\n".join(held)))
            held.clear()

    for level, text in blocks:
        if level:
            put_down()
            path = {upper: name for upper, name in path.items() if upper < level} | {level: text}
            continue
        for part in _parts(text):
            if held and sum(map(len, held)) + len(held) + len(part) > WANTED_LENGTH:
                put_down()
            held.append(part)
    put_down()
    return found


def _heading(path: dict[int, str], title: str) -> str:
    names = [name for _level, name in sorted(path.items()) if name != title]
    return " › ".join(names)[:300]


def _parts(text: str) -> Iterator[str]:
    """A paragraph, in pieces where it is too long for one."""
    if len(text) <= LONGEST_LENGTH:
        yield text
        return
    held = ""
    for sentence in _sentences(text):
        if held and len(held) + len(sentence) >= WANTED_LENGTH:
            yield held
            held = ""
        held = f"{held} {sentence}".strip()
    if held:
        yield held


def _sentences(text: str) -> Iterable[str]:
    for sentence in SENTENCE_END.split(text):
        while len(sentence) > LONGEST_LENGTH:
            end = sentence.rfind(" ", WANTED_LENGTH // 2, LONGEST_LENGTH)
            end = end if end > 0 else LONGEST_LENGTH
            yield sentence[:end]
            sentence = sentence[end:].lstrip()
        yield sentence
