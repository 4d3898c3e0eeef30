"""`.env.example` tells of every setting what the code says of it, and of nothing else."""

import re
from dataclasses import dataclass
from pathlib import Path
from types import UnionType
from typing import Literal, get_args, get_origin

import pytest

from pilito.config import Settings

EXAMPLE = Path(__file__).parents[1] / ".env.example"
ASSIGNMENT = re.compile(r"#?([A-Z][A-Z0-9_]*)=(.*)")
TYPE_WORDS = {str: ("text", "address"), int: ("whole number",), float: ("number",), bool: ("yes or no",)}


@dataclass(frozen=True)
class Documented:
    name: str
    default: str
    words: str  # the comment above, in one line


def documented() -> list[Documented]:
    """Read the file: a paragraph is a comment that ends with one assignment, itself commented out."""
    found = []
    for paragraph in EXAMPLE.read_text(encoding="utf-8").split("\n\n"):
        lines = paragraph.strip().splitlines()
        assigned = ASSIGNMENT.fullmatch(lines[-1])
        if assigned:
            comment = " ".join(line.removeprefix("#").strip() for line in lines[:-1])
            found.append(Documented(assigned[1], assigned[2], comment))
    return found


def names() -> list[str]:
    return [name.upper() for name in Settings.model_fields]


@pytest.fixture
def bare_environment(monkeypatch):
    for name in names():
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def words_of(text: str) -> set[str]:
    return set(re.findall(r"[\w:/…+']+", text.casefold()))


def type_words(annotation) -> tuple[str, ...]:
    if get_origin(annotation) is Literal:
        return (f"one of: {', '.join(get_args(annotation))}",)
    if get_origin(annotation) is list:
        return ("list",)
    assert not isinstance(annotation, UnionType), "a setting has one type"
    return TYPE_WORDS[annotation]


def test_every_setting_is_documented_once_and_nothing_else_is():
    assert [one.name for one in documented()] == names()


def test_every_assignment_of_the_file_was_read_and_is_commented_out():
    assigned = [line for line in EXAMPLE.read_text(encoding="utf-8").splitlines() if ASSIGNMENT.fullmatch(line)]

    assert len(assigned) == len(documented())
    assert all(line.startswith("#") for line in assigned)


@pytest.mark.usefixtures("bare_environment")
def test_the_documented_defaults_are_those_of_the_code(tmp_path):
    taken = tmp_path / "all.env"
    taken.write_text("".join(f"{one.name}={one.default}\n" for one in documented()), encoding="utf-8")

    assert Settings(_env_file=taken) == Settings(_env_file=None)


@pytest.mark.usefixtures("bare_environment")
def test_a_documented_default_is_written_out_where_there_is_one():
    defaults = Settings(_env_file=None)

    for one in documented():
        value = getattr(defaults, one.name.lower())
        assert bool(one.default) == (value not in ("", [])), one.name


@pytest.mark.parametrize("name", names())
def test_the_file_says_what_the_code_says_of_it(name):
    field = Settings.model_fields[name.lower()]
    (one,) = [one for one in documented() if one.name == name]

    assert field.description, f"{name} has no meaning in pilito/config.py"
    assert words_of(field.description) <= words_of(one.words)
    assert one.words.casefold().startswith(type_words(field.annotation))
    assert not name.endswith("_SECONDS") or "in seconds" in one.words
