"""Two rankings become one: what both have comes first."""

import struct

from pilito.assistant.search.merge import merge
from pilito.assistant.search.vectors import Vectors


def test_what_both_rankings_have_comes_before_the_best_of_one():
    assert merge([["a", "b", "c"], ["d", "b"]]) == ["b", "a", "d", "c"]
    assert merge([["a", "b"], []]) == ["a", "b"]
    assert merge([]) == []


def vector(*numbers):
    return struct.pack(f"<{len(numbers)}f", *numbers)


def test_the_nearest_come_first_and_what_is_far_not_at_all():
    vectors = Vectors(
        {"east": vector(1, 0), "nearly": vector(0.95, 0.31), "north": vector(0, 1), "west": vector(-1, 0)}
    )

    assert vectors.near(vector(1, 0), 3) == ["east", "nearly"]


def test_a_vector_of_another_model_is_left_out_and_finds_nothing():
    vectors = Vectors({"a": vector(1, 0), "b": vector(0, 1), "old": vector(1, 0, 0), "refused": b""})

    assert len(vectors) == 2
    assert vectors.near(vector(1, 0, 0), 3) == []
    assert Vectors({}).near(vector(1, 0), 3) == []
