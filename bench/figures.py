"""What a row measures: figures, each beside its goal and beside a reference from the same run."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Literal

__all__ = ["Figure", "Goal", "Reference", "Row", "at_least", "at_most", "median", "per", "percentile", "ratio"]


@dataclass(frozen=True)
class Goal:
    sign: Literal["≥", "≤"]
    bound: float

    def is_reached(self, value: float) -> bool:
        """A figure that could not be measured (NaN) never reaches its goal."""
        return value >= self.bound if self.sign == "≥" else value <= self.bound

    def __str__(self) -> str:
        return f"{self.sign} {self.bound:g}"


def at_least(bound: float) -> Goal:
    return Goal("≥", bound)


def at_most(bound: float) -> Goal:
    return Goal("≤", bound)


@dataclass(frozen=True)
class Reference:
    """What stands beside a figure: measured in the same run, unless `what` says where it comes from."""

    what: str
    value: float


@dataclass(frozen=True)
class Figure:
    """`goal` names one of the row's goals; empty for a figure that only explains another."""

    label: str
    value: float
    unit: str
    goal: str = ""
    reference: Reference | None = None


@dataclass(frozen=True)
class Row:
    """A row of the table. `measure(stand, size)` returns its figures."""

    name: str
    title: str
    goals: Mapping[str, Goal]
    measure: Callable[[Any, Any], Sequence[Figure]]
    takes_long: bool = False  # then it is measured by its name only

    def goal_of(self, figure: Figure) -> Goal | None:
        return self.goals[figure.goal] if figure.goal else None


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that is not below `percent` % of all of them (nearest rank); NaN for none."""
    if not values:
        return math.nan
    rank = math.ceil(len(values) * percent / 100)
    return sorted(values)[max(rank, 1) - 1]


def ratio(value: float, reference: float) -> float:
    return value / reference if reference else math.nan


def per(seconds: float, count: int) -> float:
    """Milliseconds for each of `count`; NaN for none."""
    return seconds * 1000 / count if count else math.nan
