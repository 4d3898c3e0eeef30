"""How often the checks are wrong, measured on the labelled set."""

import json
from pathlib import Path

from pilito.assistant.check import Draft, find_faults
from pilito.assistant.types import Fact, TurnInput

ROWS = json.loads((Path(__file__).parent / "labelled_replies.json").read_text(encoding="utf-8"))
# Right replies only, written cold for the demo shop and eight others when replies began to be held word by word.
FRESH = json.loads((Path(__file__).parent / "fresh_replies.json").read_text(encoding="utf-8"))
# Written cold and never mended for: what a model's own style costs at first sight.
HELD = json.loads((Path(__file__).parent / "held_replies.json").read_text(encoding="utf-8"))
# The same, written in seven sittings, each before the lists were looked at or mended for it.
COLD = json.loads((Path(__file__).parent / "cold_replies.json").read_text(encoding="utf-8"))
FENCE = "0" * 16


def is_stopped(row):
    facts = tuple(Fact(fact["source"], fact["text"]) for fact in row["facts"])
    return bool(find_faults(Draft(row["reply"], TurnInput(row["shop"], (row["question"],), facts=facts), FENCE)))


def test_hardly_a_wrong_reply_is_let_through():
    wrong = [row for row in ROWS if row["verdict"] == "wrong"]

    missed = [row["id"] for row in wrong if not is_stopped(row)]

    assert len(missed) <= len(wrong) / 100, missed


def test_few_right_replies_are_stopped():
    right = [row for row in ROWS if row["verdict"] == "right"]

    stopped = [row["id"] for row in right if is_stopped(row)]

    assert len(stopped) <= 3 * len(right) / 100, stopped


def test_few_fresh_right_replies_are_stopped():
    stopped = [row["reply"] for row in FRESH if faults_of(row)]

    assert len(FRESH) >= 100
    assert len(stopped) <= 3 * len(FRESH) / 100, stopped


def test_few_right_replies_that_were_written_cold_are_stopped():
    """Of those that are, five offer a person, which is where they end."""
    stopped = [row["reply"] for row in COLD if faults_of(row)]

    assert len(COLD) >= 260
    assert len(stopped) <= 13 * len(COLD) / 100, stopped


def test_what_nothing_was_mended_for_is_stopped_no_oftener():
    """16 of the 30 were, before the lists grew for others. Not to be mended for: mend what other replies show."""
    stopped = [row["reply"] for row in HELD if faults_of(row)]

    assert len(HELD) == 30
    assert len(stopped) <= 12


def faults_of(row):
    facts = tuple(Fact("faq", text, str(number)) for number, text in enumerate(row["facts"]))
    return find_faults(Draft(row["reply"], TurnInput("گالری نیلوفر", (row["question"],), facts=facts), FENCE))
