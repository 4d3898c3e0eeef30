"""B9, facts: what the search finds and costs, how often the checks before sending are wrong, on labelled sets.

The search is measured with the index alone, as a turn calls it; an embedding endpoint is none of ours.
"""

import gc
import json
import os
import random
import time
from collections.abc import Callable
from dataclasses import replace

from bench import proc
from bench.facts.catalogue import SEED, Item
from bench.facts.measure import FIRST, make_items, questions, recall
from bench.figures import Figure, Row, at_least, at_most, median, percentile
from bench.processes import ROOT
from bench.size import Size
from bench.stand import Stand
from pilito.assistant.check import Draft, find_faults
from pilito.assistant.search.index import Entry, Index
from pilito.assistant.types import Fact, TurnInput

SET = ROOT / "tests" / "assistant" / "labelled_replies.json"
FENCE = "0" * 16
MANY_TIMES = 8  # the 2,500 facts, for 20,000
SYLLABLES = "با بی تو سا شی رو را نی نو ما مه لی لا کو کی دا دی زی گل پا چا خو فر قا هو یا ba ri no shi".split()  # noqa: SIM905
PARTS = {"tuning": "it was tuned on", "held out": "held out"}


def measure(_stand: Stand, _size: Size) -> list[Figure]:
    return [*measure_search(), *measure_checks()]


def measure_search() -> list[Figure]:
    items = make_items()
    index, building = _built(items, f"{len(items):,} facts")
    find = _finder(index)
    found = {part: [share for _, share in recall(questions(part), items, find)] for part in PARTS}
    spent = _spent(find)
    del index, find
    many = _many(items)
    large, building_many = _built(many, f"{len(many):,} facts")
    spent_many = _spent(_finder(large))
    everything = [share for shares in found.values() for share in shares]
    return [
        Figure(f"recall@{FIRST}, {len(everything)} questions", _mean(everything), "", "recall"),
        *(
            Figure(f"recall@{FIRST}, the {len(shares)} {PARTS[part]}", _mean(shares), "", "recall")
            for part, shares in found.items()
        ),
        Figure(f"search in {len(items):,} facts, p50", median(spent), "ms"),
        Figure(f"search in {len(items):,} facts, p99", percentile(spent, 99), "ms", "2,500 facts"),
        Figure(f"search in {len(many):,} facts, p50", median(spent_many), "ms"),
        Figure(f"search in {len(many):,} facts, p99", percentile(spent_many, 99), "ms", "20,000 facts"),
        *building,
        *building_many,
    ]


def _many(items: list[Item]) -> list[Item]:
    """The same facts over and over, each with a word of its own: there is more to be mistaken for."""
    chance = random.Random(SEED)  # noqa: S311
    return [
        replace(item, key=f"{item.key}/{number}", name=f"{item.name} {''.join(chance.choices(SYLLABLES, k=3))}")
        for number in range(MANY_TIMES)
        for item in items
    ]


def _built(items: list[Item], what: str) -> tuple[Index, list[Figure]]:
    gc.collect()
    memory, start = proc.pss_megabytes([os.getpid()]), time.perf_counter()
    index = Index(Entry(item.key, item.name, item.text) for item in items)
    seconds = time.perf_counter() - start
    gc.collect()
    kept = proc.pss_megabytes([os.getpid()]) - memory
    return index, [Figure(f"index of {what}: built", seconds, "s"), Figure(f"index of {what}: memory", kept, "MB")]


def _finder(index: Index) -> Callable[[str], list[str]]:
    return lambda question: [hit.reference for hit in index.search([(question, 1.0)], FIRST)]


def _spent(find: Callable[[str], list[str]]) -> list[float]:
    """Milliseconds by the clock for each question, the median of five rounds."""
    return [median([_milliseconds(find, row["question"]) for _ in range(5)]) for row in questions()]


def _milliseconds(find: Callable[[str], list[str]], question: str) -> float:
    start = time.perf_counter()
    find(question)
    return 1000 * (time.perf_counter() - start)


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)


def measure_checks() -> list[Figure]:
    rows = json.loads(SET.read_text(encoding="utf-8"))
    spent = []
    stopped = {"wrong": [], "right": []}
    for row in rows:
        draft = _draft(row)
        start = time.process_time()
        stopped[row["verdict"]].append(bool(find_faults(draft)))
        spent.append(1000 * (time.process_time() - start))
    wrong, right = stopped["wrong"], stopped["right"]
    return [
        Figure(f"of {len(wrong)} wrong replies let through", 100 * (1 - sum(wrong) / len(wrong)), "%", "missed"),
        Figure(f"of {len(right)} right replies stopped", 100 * sum(right) / len(right), "%", "falsely stopped"),
        Figure("CPU a check, p50", median(spent), "ms"),
        Figure("CPU a check, p99", percentile(spent, 99), "ms"),
    ]


def _draft(row: dict[str, object]) -> Draft:
    facts = tuple(Fact(fact["source"], fact["text"]) for fact in row["facts"])
    return Draft(row["reply"], TurnInput(row["shop"], (row["question"],), facts=facts), FENCE)


ROW = Row(
    "B9",
    "facts: search (bench/facts) and checks before sending (tests/assistant), on labelled sets",
    {
        "recall": at_least(0.92),
        "2,500 facts": at_most(15),
        "20,000 facts": at_most(50),
        "missed": at_most(1.0),
        "falsely stopped": at_most(3.0),
    },
    measure,
)
