"""Plots as data: where bars stand, and what is written beside them."""

import pytest

from pilito.blueprints.panel.plots import SHADES, Series, round_up, shades, stacked


def drawn(*values):
    labels = [f"day {number}" for number in range(len(values[0]))]
    series = [Series(f"tint{number}", f"series {number}", one) for number, one in enumerate(values)]
    return stacked(labels, labels, series, lambda value: f"{value:g}")


def test_bars_stand_on_each_other_and_end_at_the_axis():
    plot = drawn([30, 10], [50, 0])

    first, second = plot.columns
    assert [(bar.y, bar.height) for bar in first.bars] == [(62.5, 37.5), (0.0, 62.5)]
    assert [(bar.y, bar.height) for bar in second.bars] == [(87.5, 12.5)]
    assert plot.ticks == ["80", "40", "0"]
    assert first.tip == "day 0\nseries 0: 30\nseries 1: 50"
    assert plot.rows == [("day 0", ["30", "50"]), ("day 1", ["10", "0"])]


def test_nothing_is_drawn_of_nothing():
    plot = drawn([0, 0, 0])

    assert plot.is_empty
    assert not any(column.bars for column in plot.columns)


@pytest.mark.parametrize(
    ("value", "top"), [(0, 2), (0.03, 0.04), (1, 1), (1.2, 2), (7, 8), (10, 10), (11, 20), (81, 100), (610, 800)]
)
def test_the_axis_ends_at_a_number_that_reads_well(value, top):
    assert round_up(value) == pytest.approx(top)
    assert round_up(value) >= value


def test_many_columns_have_few_labels_with_both_ends():
    assert drawn(list(range(90))).labels == ["day 0", "day 22", "day 44", "day 67", "day 89"]
    assert len(drawn(list(range(7))).labels) == 7


def test_shades_go_from_nothing_to_the_most():
    assert shades([[0, 1, 50], [99, 100, 0]]) == [[0, 1, 3], [6, 6, 0]]
    assert shades([[0, 0]]) == [[0, 0]]
    assert SHADES == 6
