"""What the documents name exists: files, commands, decisions."""

import re
from importlib.metadata import entry_points
from pathlib import Path

import click
import pytest

from pilito import create_app
from pilito.config import load_settings

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
COMMANDED = [README, *(ROOT / "docs" / f"{name}.md" for name in ("upgrading", "backup", "security"))]
DECISIONS = ROOT / "docs" / "decisions"
DOCUMENTS = [README, ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
# Where a comment may send its reader to a decision.
CODE_FOLDERS = ("pilito", "tests", "migrations", "deploy", "bench", "docs")
CODE_FILES = ("Makefile", "wsgi.py", "pyproject.toml", "requirements.txt", "README.md", "CHANGELOG.md", ".env.example")
CODE_ENDINGS = {".py", ".md", ".html", ".js", ".css", ".txt", ".toml", ".mako", ".sh", ".yml", ".yaml"}

LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)
MAKE = re.compile(r"(?<!install )\bmake ([a-z][a-z-]*)")
FLASK = re.compile(r"\bflask ([a-z][a-z-]*)(?: ([a-z][a-z-]*))?")
DECISION = re.compile(r"docs/decisions/(\d{4}[\w-]*)")
HEADING = re.compile(r"^#+ +(.+?) *$", re.MULTILINE)
LONGEST_DECISION = 40  # lines


@pytest.fixture(scope="module")
def commands(tmp_path_factory):
    """The `flask` commands of the app, with those that Flask and Flask-Migrate bring."""
    database = tmp_path_factory.mktemp("documents") / "none.sqlite3"
    settings = load_settings(_env_file=None, database_url=f"sqlite:///{database}", redis_url="redis://127.0.0.1:1/0")
    brought = {one.name: one.load() for one in entry_points(group="flask.commands")}
    return {**brought, **create_app(settings).cli.commands}


def relative_links(document: Path) -> list[str]:
    links = LINK.findall(CODE.sub("", document.read_text(encoding="utf-8")))
    return [link for link in links if not re.match(r"[a-z]+:", link)]


def code_of(document: Path) -> str:
    return "\n".join(CODE.findall(document.read_text(encoding="utf-8")))


def anchors(document: Path) -> set[str]:
    """The names GitHub gives to the headings of a document."""
    headings = HEADING.findall(document.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def named_decisions() -> dict[str, Path]:
    """Every decision that code or a document sends its reader to, with one place that does."""
    inside = [path for folder in CODE_FOLDERS for path in (ROOT / folder).rglob("*") if path.suffix in CODE_ENDINGS]
    named = {}
    for path in [*inside, *(ROOT / name for name in CODE_FILES)]:
        if path.is_file() and path != Path(__file__):
            named |= dict.fromkeys(DECISION.findall(path.read_text(encoding="utf-8", errors="replace")), path)
    return named


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_relative_links_lead_somewhere(document):
    for link in relative_links(document):
        path, _, anchor = link.partition("#")
        target = (document.parent / path).resolve() if path else document

        assert target.exists(), link
        assert target.is_relative_to(ROOT), link
        assert not anchor or anchor in anchors(target), link


def test_every_make_command_of_the_readme_exists():
    named = set(MAKE.findall(code_of(README)))

    assert {"run", "test"} <= named <= make_targets()


@pytest.mark.parametrize("document", COMMANDED, ids=lambda path: path.stem)
def test_every_flask_command_that_is_told_exists(commands, document):
    named = FLASK.findall(code_of(document))

    assert named
    for name, second in named:
        assert name in commands, f"flask {name}"
        if isinstance(commands[name], click.Group):
            assert second in commands[name].commands, f"flask {name} {second}"


def test_every_flask_command_of_our_own_is_in_the_readme(commands):
    ours = {name for name, command in commands.items() if (command.callback or print).__module__ == "pilito.cli"}

    assert ours >= {"worker", "scheduler", "doctor", "replay", "sweep", "operator", "inbox", "token"}
    assert ours <= {name for name, _ in FLASK.findall(code_of(README))}


@pytest.mark.parametrize("document", COMMANDED, ids=lambda path: path.stem)
def test_the_options_that_are_told_exist(commands, document):
    for line in code_of(document).splitlines():
        for name, second in FLASK.findall(line):
            command = commands[name].commands[second] if isinstance(commands[name], click.Group) else commands[name]
            known = {option for parameter in command.params for option in parameter.opts}
            words = line.split("`")[1] if line.startswith("`") else line
            words = words[words.index("flask ") :]
            assert set(re.findall(r"(?<=\s|\[)--[a-z-]+", words)) <= known, line


def test_the_decisions_that_code_names_exist():
    files = {path.stem for path in DECISIONS.glob("*.md")}

    for name, place in named_decisions().items():
        found = name in files or (len(name) == 4 and any(file.startswith(f"{name}-") for file in files))
        assert found, f"{place.relative_to(ROOT)} names docs/decisions/{name}"


def test_decisions_have_a_number_each_and_are_listed():
    """Numbers are given out before the pages are written, so one may be missing; none is there twice."""
    numbers = [path.name[:4] for path in sorted(DECISIONS.glob("*.md"))]
    listed = relative_links(ROOT / "docs" / "README.md")

    assert all(number.isdigit() for number in numbers)
    assert len(numbers) == len(set(numbers))
    assert {f"decisions/{path.name}" for path in DECISIONS.glob("*.md")} <= set(listed)


@pytest.mark.parametrize("decision", sorted(DECISIONS.glob("*.md")), ids=lambda path: path.stem)
def test_a_decision_is_one_page_of_three_parts(decision):
    page = decision.read_text(encoding="utf-8")

    assert HEADING.findall(page)[1:] == ["Context", "Decision", "Consequences"]
    assert len(page.splitlines()) <= LONGEST_DECISION


def rows_of(words: str) -> list[str]:
    """The rows of its tables, without their heads."""
    heads = ("| fault", "| on ", "| promise", "|---")
    return [line for line in words.splitlines() if line.startswith("| ") and not line.startswith(heads)]


def named_tests(row: str) -> list[str]:
    return re.findall(r"`(test_\w+|tests/(?:\w+/)*test_\w+\.py)`", row.rsplit("|", 2)[1])


FAULTS = (ROOT / "docs" / "faults.md").read_text(encoding="utf-8")
GUARANTEES = (ROOT / "docs" / "guarantees.md").read_text(encoding="utf-8").split("\n## ")[0]


@pytest.mark.parametrize("words", [FAULTS, GUARANTEES], ids=["faults", "guarantees"])
def test_every_test_that_is_named_exists(words):
    tests = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    known = set(re.findall(r"def (test_\w+)", tests))

    for name in [name for row in rows_of(words) for name in named_tests(row)]:
        assert name in known or (ROOT / name).is_file(), name


def test_every_fault_names_tests():
    rows = rows_of(FAULTS)

    assert len(rows) > 50
    for row in rows:
        assert named_tests(row), row


def test_every_fault_of_traffic_and_of_a_part_has_tests_named_after_it():
    named: dict[str, set[str]] = {}
    for row in rows_of(FAULTS):
        if number := re.match(r"\| ([TC]\d+) ", row):
            named.setdefault(number[1].lower(), set()).update(named_tests(row))

    assert named.keys() == {*(f"t{each}" for each in range(1, 18)), *(f"c{each}" for each in range(1, 22))}
    for number, tests in named.items():
        # "test_t1_t9_…" is of both
        assert any(number in re.match(r"test((?:_[tc]\d+)*)", test)[1].split("_") for test in tests), number


def test_every_promise_names_tests_or_what_does():
    """An invariant that the judge of `make chaos` holds, a row of the faults, or tests of its own; no decision is one."""
    rows = rows_of(GUARANTEES)
    judged = set(re.findall(r"^\| (I\d) ", (ROOT / "docs" / "chaos.md").read_text(encoding="utf-8"), re.MULTILINE))
    tried = set(re.findall(r"^\| (T\d+) ", FAULTS, re.MULTILINE))

    assert len(rows) > 15
    for row in rows:
        named = set(re.findall(r"\b[IT]\d+\b", row.rsplit("|", 2)[1]))
        assert named <= judged | tried, row
        assert named or named_tests(row), row


def test_pictures_are_drawn_not_taken():
    taken = {".png", ".jpg", ".jpeg", ".webp", ".gif"}

    assert not [path for path in (ROOT / "docs").rglob("*") if path.suffix in taken]
