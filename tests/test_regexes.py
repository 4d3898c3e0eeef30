"""No pattern of ours takes long over a text that somebody made for it: each looks through long runs of everything.

Messages have a thousand letters, captions two thousand. A pattern that tries again from every place takes the square of
the length, which is borne; one with a choice in a choice takes for ever.
"""

import ast
import importlib
import inspect
import pkgutil
import re
import time

import pytest

import pilito

LENGTH = 1_500
LONG = 10_000
READS_LONG_TEXTS = ("pilito.stems", "pilito.spelling", "pilito.search", "pilito.knowledge", "pilito.assistant.search")
MOST_SECONDS = 0.3  # of CPU; a good one takes a thousandth of it
RUNS = (
    *("a", "1", "۱", " ", "\n", ".", ",", "-", "/", "@", "ب", "\u200c", "<", "(", "[", "{", '"', "'", "\\", "%", "#", "0", "٬"),
    *("a ", "1 ", "1.", "1,", "a.", "a@", "a-", "ب ", "بَ", "1/", "a\n", "\t ", " \n", "00 ", "1-", "+98", "1٬", "تا ", "از "),
    *("http://", "https://a/", "https://a.b/", "<a ", "<!--", "</", "&#", "a@b.", "@a", "#a", "%20", "ab ", "تومان", "1 تومان"),
)  # fmt: skip
ENDS = ("!",)
USED = {f"re.{word}" for word in ("compile", "search", "match", "fullmatch", "sub", "split", "findall", "finditer")}
# What they read is written by whoever runs this server: settings, and the demo's own.
APART = ("pilito.demo", "pilito.launch", "pilito.config", "pilito.failpoints", "pilito.assistant.prices")


def patterns():
    """Each pattern of the house once, with where it stands: those with names, and those in the midst of the code."""
    found = {}
    for known in pkgutil.walk_packages(pilito.__path__, "pilito."):
        if not known.name.startswith(APART):
            module = importlib.import_module(known.name)
            for name, value in vars(module).items():
                for one in within(value):
                    found.setdefault(one, f"{known.name}.{name}")
            for one, line in written_in(module):
                found.setdefault(one, f"{known.name}, line {line}")
    return found


def within(value):
    """Those of a value, however deep."""
    if isinstance(value, re.Pattern):
        return [value] if isinstance(value.pattern, str) else []
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, tuple | list | set) else ()
    return [pattern for one in inside for pattern in within(one)]


def written_in(module):
    """Those that are written where they are used, with the line."""
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in USED and is_text(node.args[0]):
            yield re.compile(node.args[0].value), node.lineno


def is_text(node):
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def seconds_of(pattern, text):
    begun = time.thread_time()
    pattern.search(text)
    return time.thread_time() - begun


@pytest.fixture(scope="module")
def texts():
    return [(run * LENGTH)[:LENGTH] + end for run in RUNS for end in ENDS]


def test_no_pattern_takes_long_over_anything(texts):
    found = patterns()
    assert len(found) > 100
    assert len([place for place in found.values() if ", line " in place]) > 40

    slow = [
        f"{place}: {text[:8]!r}"
        for pattern, place in found.items()
        for text in texts
        if seconds_of(pattern, text) > MOST_SECONDS and seconds_of(pattern, text) > MOST_SECONDS
    ]

    assert slow == []


def test_nor_over_a_long_one_where_long_ones_are_read():
    """Replies, notes and pages: there the square of the length is not borne."""
    texts = [(run * LONG)[:LONG] + end for run in RUNS if len(run) == 1 for end in ENDS]
    found = {pattern: place for pattern, place in patterns().items() if place.startswith(READS_LONG_TEXTS)}
    assert len(found) > 12

    slow = [
        f"{place}: {text[:8]!r}"
        for pattern, place in found.items()
        for text in texts
        if seconds_of(pattern, text) > MOST_SECONDS
    ]

    assert slow == []


def test_a_pattern_that_does_is_found(texts):
    bad = re.compile(r"(a+)+b|(\s*,?)*!")

    assert seconds_of(bad, "a" * 25) > MOST_SECONDS
