"""B9, the checks: how often the checks before sending are wrong on the labelled set, and what one costs."""

import json
import time

from bench.figures import Figure, Row, at_most, median, percentile
from bench.processes import ROOT
from bench.size import Size
from bench.stand import Stand
from pilito.assistant.check import Draft, find_faults
from pilito.assistant.types import Fact, TurnInput

SET = ROOT / "tests" / "assistant" / "labelled_replies.json"
FENCE = "0" * 16


def measure(_stand: Stand, _size: Size) -> list[Figure]:
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
    "checks before sending, on the labelled set of tests/assistant",
    {"missed": at_most(1.0), "falsely stopped": at_most(3.0)},
    measure,
)
