"""How much of what people ask for is among the first five, measured on the labelled questions of bench/facts."""

import pytest

from bench.facts.measure import FIRST, make_items, questions, recall, wanted
from pilito.assistant.search.index import Entry, Index


@pytest.fixture(scope="module")
def items():
    return make_items()


@pytest.fixture(scope="module")
def index(items):
    return Index(Entry(item.key, item.name, item.text) for item in items)


@pytest.mark.parametrize("part", ["tuning", "held out"])
def test_the_first_five_hold_what_is_asked_for(items, index, part):
    found = recall(questions(part), items, lambda text: [hit.reference for hit in index.search([(text, 1.0)], FIRST)])

    missed = [row["question"] for row, share in found if share < 1]
    assert sum(share for _, share in found) / len(found) >= 0.92, missed


def test_the_set_is_what_it_says(items):
    rows = questions()

    assert len(rows) >= 150
    assert {row["language"] for row in rows} == {"fa", "ar", "en"}
    assert len({row["question"] for row in rows}) == len(rows)
    assert len([item for item in items if item.key.startswith("product")]) == 2000
    assert len([item for item in items if item.key.startswith("passage")]) == 500
    assert len({item.key for item in items}) == 2500


def test_every_question_wants_something_and_not_half_of_the_shop(items):
    for row in questions():
        assert 1 <= len(wanted(row, items)) <= 8, row["question"]
