"""Make one small thing of a module wrong at a time, and see whether a test says so.

    python -m mutants MODULE [--file NAME] [--minutes M] [--again] [--fresh]

The tests run once, with a note of who runs through which line. Then every mutant is a fork of that process, with the
function's code (or the constant) exchanged in memory: what was imported, migrated and compiled is there already, so
that one costs a fork and the tests of its line until the first fails. What was found lies in var/mutants; a later run
tries the new mutants and those that lived, `--fresh` all of them. It ends with those that lived and are not explained.
"""

import argparse
import ast
import functools
import json
import random
import sys
from pathlib import Path

import pytest

from mutants.changes import Mutant, mutants_of
from mutants.runner import Runner

ROOT = Path(__file__).parents[1]
EXPLAINED = Path(__file__).with_name("explained.txt")
VERBS = "pilito/conversations/"
CHECKS = "pilito/assistant/"
READING = "signature values parties times content messages shares attachments events inbound referrals"
REPLIES = "tests/assistant/test_"
# Not those of attacks (test_injection.py): they ask little of a line that the others do not, and take minutes.
SAID = (
    "quantities grounding reply_checks wording statements refusals openings offers promises lexicon terms "
    "checks_measured compose correction budget stock restrictions product_prices number_owners"
)
# Of each module: its files, and the tests that are asked.
MODULES: dict[str, tuple[str, str, str, str]] = {
    "pairing": (
        VERBS,
        "pairing pair pending_share expire contents",
        "tests/conversations/test_",
        "pair pairing contents pending_share tally late_share which_one expire edit unsend receive read_media context "
        "answer sweep echo match_posts drafts retract settle void",
    ),
    "parser": ("pilito/channels/instagram/", READING, "tests/channels/instagram", ""),
    "deliver": (
        VERBS,
        "deliver outbox settle pace payload void",
        "tests/conversations/test_",
        "deliver settle reply retract payload pace reconcile release_lost tokens take_over drafts upload quote_product "
        "react answer echo modes snooze sweep context void disclose erase read_media which_one",
    ),
    "check": (CHECKS, "check grounding prices promises offers repeated", REPLIES, f"{SAID} prices repeated"),
    "numbers": (CHECKS, "quantities", REPLIES, SAID),
    "words": (CHECKS, "lexicon terms wording", REPLIES, SAID),
    "claims": (
        CHECKS,
        "statements sayings refusals restrictions denials stock product_prices number_owners matters soon openings "
        "posts",
        REPLIES,
        f"{SAID} denials posts sayings soon matters",
    ),
}
EVERYBODY = ["tests/test_instagram_share.py"]
# Seconds of the clock, long ones: a test that waits for nobody on a busy machine has killed nothing. One that loops is
# ended by the CPU that it took (PATIENCE_SECONDS of the runner).
PATIENCE = ["--timeout", "600"]


def main() -> int:
    options = _options()
    folder, names, tests, asked = MODULES[options.module]
    paths = [f"{folder}{name}.py" for name in names.split()]
    trees = {path: ast.parse((ROOT / path).read_text()) for path in paths}
    found = [one for path, tree in trees.items() for one in mutants_of(tree, path)]
    found = random.Random(0).sample(found, len(found))  # noqa: S311  (a run cut short is a sample too)
    kept = ROOT / "var" / "mutants" / f"{options.module}.json"
    known = {} if options.fresh or not kept.exists() else json.loads(kept.read_text())
    explained = _explained()
    todo = [one for one in found if known.get(one.text, "lived") in ("lived", "no test")]
    todo = [one for one in todo if one.text not in explained and (one.text in known or not options.again)]
    todo = [one for one in todo if not options.file or Path(one.path).stem == options.file]
    todo.sort(key=lambda one: one.text in known)  # the new ones first
    if options.again:
        todo.reverse()  # a run that was cut short did not come to the last ones
    keep = functools.partial(_keep, kept, known)
    runner = Runner(ROOT, trees, todo, known, keep, options.minutes)
    marks = "not bench and not whole"
    # Plain asserts: that a test fails is asked, never what it would have said.
    arguments = ["-q", "-n", "0", "--database", "sqlite", "-m", marks, "-p", "no:cacheprovider", "--assert=plain"]
    status = pytest.main([*arguments, *PATIENCE, *_asked(tests, asked), *EVERYBODY], plugins=[runner])
    keep()
    return status or _report(options.module, found, known)


def _keep(kept: Path, known: dict[str, str]) -> None:
    kept.parent.mkdir(parents=True, exist_ok=True)
    begun = kept.with_suffix(".begun")
    begun.write_text(json.dumps(known, indent=0, ensure_ascii=False))
    begun.replace(kept)  # whoever is ended in between leaves the older file whole


def _explained() -> set[str]:
    return {line.partition(" :: ")[0] for line in EXPLAINED.read_text().splitlines()}


def _asked(tests: str, names: str) -> list[str]:
    return [f"{tests}{name}.py" for name in names.split()] or [tests]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m mutants")
    parser.add_argument("module", choices=MODULES)
    parser.add_argument("--file", default="", help="only the mutants of this one of its files, named without .py")
    parser.add_argument("--minutes", type=float, default=60, help="stop after so long; the next run goes on")
    parser.add_argument("--again", action="store_true", help="try only those that lived")
    parser.add_argument("--fresh", action="store_true", help="try those again that were killed")
    return parser.parse_args()


def _report(module: str, found: list[Mutant], known: dict[str, str]) -> int:
    explained = _explained()
    outcomes = {one.text: known.get(one.text, "not tried") for one in found}
    open_ones = [
        text for text, outcome in outcomes.items() if outcome in ("lived", "no test") and text not in explained
    ]
    print("\nTo kill or to explain:" if open_ones else "")
    for text in open_ones:
        print(f"{outcomes[text]}: {text}")
    files = {Path(one.path).name for one in found}
    for text in sorted(explained - outcomes.keys()):
        if text.partition(" ")[0] in files:
            print(f"explained, but there is no such mutant any more: {text}")
    outcomes |= dict.fromkeys(explained & outcomes.keys(), "explained")
    kinds = ("killed", "explained", "lived", "no test", "not tried")
    counts = {kind: list(outcomes.values()).count(kind) for kind in kinds}
    said = ", ".join(f"{count} {kind}" for kind, count in counts.items() if count)
    print(f"{module}: {len(found)} mutants: {said}; {len(open_ones)} to kill or to explain.")
    return int(bool(open_ones or counts["not tried"]))


if __name__ == "__main__":
    sys.exit(main())
