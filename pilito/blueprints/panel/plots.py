"""Plots as data: where each bar of an SVG stands, and the words beside it. Drawn by templates/analytics/plots.html.

There is no text in the drawing, which is stretched to its place: the words around it are HTML, in any size and
direction. It is drawn from left to right; in a right-to-left page the style sheet mirrors it, so that time runs as one
reads (docs/decisions/0038).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

COLUMN, GAP, HEIGHT = 10.0, 2.0, 100.0
LABELS = 5  # below the drawing
SHADES = 6  # of a cell that is not empty

Shown = Callable[[float], str]


@dataclass(frozen=True)
class Series:
    """`tint` is the class that colours it."""

    tint: str
    label: str
    values: Sequence[float]


@dataclass(frozen=True)
class Bar:
    tint: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Column:
    label: str
    tip: str
    x: float
    bars: Sequence[Bar]


@dataclass(frozen=True)
class Plot:
    series: Sequence[Series]
    columns: Sequence[Column]
    width: float
    ticks: Sequence[str]  # from the top down
    labels: Sequence[str]
    rows: Sequence[tuple[str, Sequence[str]]]  # the same as a table

    @property
    def paths(self) -> list[tuple[str, str]]:
        """All bars of each tint as one path: a page has hundreds of bars, and each element its price."""
        drawn: dict[str, list[str]] = {}
        for column in self.columns:
            for bar in column.bars:
                outline = f"M{bar.x:g} {bar.y:g}h{bar.width:g}v{bar.height:g}h-{bar.width:g}z"
                drawn.setdefault(bar.tint, []).append(outline)
        return [(tint, "".join(outlines)) for tint, outlines in drawn.items()]

    @property
    def is_empty(self) -> bool:
        return not any(any(one.values) for one in self.series)


def stacked(labels: Sequence[str], tips: Sequence[str], series: Sequence[Series], shown: Shown) -> Plot:
    """Columns with their series on top of each other; `labels` name them below, `tips` in full."""
    sums = [sum(values) for values in zip(*(one.values for one in series), strict=True)]
    top = round_up(max(sums, default=0))
    words = [[shown(value) for value in one.values] for one in series]
    columns = []
    for index, tip in enumerate(tips):
        said = [(one, one.values[index]) for one in series if one.values[index]]
        lines = [
            tip,
            *(f"{one.label}: {each[index]}" for one, each in zip(series, words, strict=True) if one.values[index]),
        ]
        columns.append(Column(tip, "\n".join(lines), index * COLUMN, _bars(said, index, top)))
    return Plot(
        series=series,
        columns=columns,
        width=max(1, len(labels)) * COLUMN,
        ticks=[shown(top), shown(top / 2), shown(0)],
        labels=_some_of(labels),
        rows=[(tip, [each[index] for each in words]) for index, tip in enumerate(tips)],
    )


def _bars(said: Sequence[tuple[Series, float]], index: int, top: float) -> list[Bar]:
    bars, floor = [], HEIGHT
    for one, value in said:
        height = value / top * HEIGHT
        floor -= height
        bars.append(Bar(one.tint, round(index * COLUMN + GAP / 2, 2), round(floor, 2), COLUMN - GAP, round(height, 2)))
    return bars


def round_up(value: float) -> float:
    """The next number that reads well on an axis, also by half: 2, 4, 10, 20, 40, 100 …"""
    if value <= 0:
        return 2
    step = 1.0
    while step * 10 < value:
        step *= 10
    while step > value:
        step /= 10
    return next(step * factor for factor in (1, 2, 4, 6, 8, 10) if step * factor >= value)


def _some_of(labels: Sequence[str]) -> list[str]:
    """A few of them at equal distances, the first and the last included."""
    if len(labels) <= LABELS + 2:
        return list(labels)
    last = len(labels) - 1
    return [labels[round(place * last / (LABELS - 1))] for place in range(LABELS)]


def shades(rows: Sequence[Sequence[int]]) -> list[list[int]]:
    """How dark each cell is, from 0 for nothing to SHADES for the most."""
    most = max((value for row in rows for value in row), default=0)
    return [[-(-value * SHADES // most) if value else 0 for value in row] for row in rows]
