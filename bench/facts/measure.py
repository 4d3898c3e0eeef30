"""Recall at five on the questions: of what a question asks for, how much is among the first five found."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from bench.facts.catalogue import Item, make_products
from bench.facts.passages import make_passages

QUESTIONS = Path(__file__).parent / "questions.json"
FIRST = 5
Question = dict[str, Any]


def questions(part: str | None = None) -> list[Question]:
    """All, or those of one part: `tuning`, which was looked at while the search was written, and `held out`."""
    rows: list[Question] = json.loads(QUESTIONS.read_text(encoding="utf-8"))
    return [row for row in rows if part in (None, row["part"])]


def make_items() -> list[Item]:
    return [*make_products(), *make_passages()]


def wanted(question: Question, items: Sequence[Item]) -> set[str]:
    """The keys of what the question asks for: made from all the words that its label names."""
    want = question["want"].items()
    return {item.key for item in items if all(item.about.get(name) == word for name, word in want)}


def recall(
    rows: Sequence[Question], items: Sequence[Item], find: Callable[[str], Sequence[str]]
) -> list[tuple[Question, float]]:
    """Return each question with the part of what it wants that `find` has among its first five."""
    found = []
    for row in rows:
        want = wanted(row, items)
        among = want & set(find(row["question"])[:FIRST])
        found.append((row, len(among) / min(FIRST, len(want))))
    return found
