"""No pattern of ours takes long over a text that somebody made for it: each looks through long runs of everything.

Messages have a thousand letters, captions two thousand. A pattern that tries again from every place takes the square of
the length, which is borne; one with a choice in a choice takes for ever.
"""

import importlib
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
# What they read is written by whoever runs this server: settings, and the demo's own.
APART = ("pilito.demo", "pilito.launch", "pilito.config", "pilito.failpoints", "pilito.assistant.prices")


def patterns():
    """Each compiled pattern of the house once, with where it stands."""
    found = {}
    for module in pkgutil.walk_packages(pilito.__path__, "pilito."):
        if not module.name.startswith(APART):
            for name, value in vars(importlib.import_module(module.name)).items():
                for one in within(value):
                    found.setdefault(one, f"{module.name}.{name}")
    return found


def within(value):
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, tuple | list) else (value,)
    return [one for one in inside if isinstance(one, re.Pattern) and isinstance(one.pattern, str)]


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
