"""A plot in plain text, for a terminal; its axes are linear or logarithmic.

Invariant: every line is at most `WIDTH` columns wide, and holds ASCII alone unless Unicode is
asked for.  Deliberately absent: colour, and more than what one picture needs.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Literal, NamedTuple

from gradc.report.numbers import number

WIDTH, HEIGHT = 72, 16
_MARGIN = 8  # columns of the labels at the left
_EVEN_STEPS = 6  # of a linear axis, about

Mark = Literal["point", "line", "floor"]
_UNICODE: dict[Mark, str] = {"point": "●", "line": "·", "floor": "░"}
_ASCII: dict[Mark, str] = {"point": "o", "line": ".", "floor": "~"}


class Series(NamedTuple):
    """Points to be drawn with one mark; those that an axis has no place for are left out."""

    label: str
    mark: Mark
    points: Sequence[tuple[float, float]]


def log_log(series: Sequence[Series], across: str, up: str, unicode: bool) -> str:
    """The series on two logarithmic axes with decades marked; later ones lie on top.

    Empty where no point can be drawn.
    """
    return plot(series, across, up, unicode, (Decades, Decades))


def plot(
    series: Sequence[Series],
    across: str,
    up: str,
    unicode: bool,
    axes: tuple[type[Axis], type[Axis]],
) -> str:
    """The series on two axes of their kinds, across and up; later ones lie on top.

    Empty where no point can be drawn.
    """
    along, upward = axes
    drawn = [
        s._replace(points=[(x, y) for x, y in s.points if along.takes(x) and upward.takes(y)])
        for s in series
    ]
    points = [point for s in drawn for point in s.points]
    if not points:
        return ""
    xs, ys = along.over([x for x, _ in points]), upward.over([y for _, y in points])
    marks = _UNICODE if unicode else _ASCII
    columns = WIDTH - _MARGIN - 2
    grid = [[" "] * columns for _ in range(HEIGHT)]
    for s in drawn:
        for x, y in s.points:
            grid[HEIGHT - 1 - ys.place(y, HEIGHT)][xs.place(x, columns)] = marks[s.mark]
    side, corner, floor, tick = ("│", "└", "─", "┬") if unicode else ("|", "+", "-", "+")
    labels = ys.labels(HEIGHT, 2)
    lines = [up]
    for i, row in enumerate(grid):
        label = labels.get(HEIGHT - 1 - i, "")
        lines.append(f"{label:>{_MARGIN}} {side}{''.join(row)}".rstrip())
    ticks = xs.labels(columns, 9)
    rule = "".join(tick if i in ticks else floor for i in range(columns))
    lines.append(f"{'':>{_MARGIN}} {corner}{rule}")
    lines.append(_under(ticks, columns))
    lines.append(f"{across:>{WIDTH}}")
    legend = "   ".join(f"{marks[s.mark]} {s.label}" for s in drawn if s.points)
    return "\n".join([*lines, "", legend])


class Axis(ABC):
    """A range of numbers along the cells of an axis."""

    @staticmethod
    @abstractmethod
    def takes(value: float) -> bool:
        """Whether an axis of this kind has a place for a number."""

    @staticmethod
    @abstractmethod
    def over(values: Sequence[float]) -> Axis:
        """The axis that has room for numbers that it takes."""

    @abstractmethod
    def place(self, value: float, cells: int) -> int:
        """The cell of a value."""

    @abstractmethod
    def labels(self, cells: int, apart: int) -> dict[int, str]:
        """What is labelled, by its cell, at least so many cells apart."""


class Decades(Axis):
    """A logarithmic axis over whole decades."""

    def __init__(self, first: int, last: int) -> None:
        self.first, self.last = first, last

    @staticmethod
    def takes(value: float) -> bool:
        return 0.0 < value < math.inf

    @staticmethod
    def over(values: Sequence[float]) -> Decades:
        first, last = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
        return Decades(first, max(last, first + 1))

    def place(self, value: float, cells: int) -> int:
        share = (math.log10(value) - self.first) / (self.last - self.first)
        return min(cells - 1, max(0, round(share * (cells - 1))))

    def labels(self, cells: int, apart: int) -> dict[int, str]:
        room = max(1, (cells - 1) // apart)
        every = max(1, math.ceil((self.last - self.first) / room))
        decades = range(self.first, self.last + 1, every)
        share = (cells - 1) / (self.last - self.first)
        return {round((k - self.first) * share): number(10.0**k) for k in decades}


class Even(Axis):
    """A linear axis over whole steps of 1, 2 or 5 times a power of ten."""

    def __init__(self, first: int, last: int, step: float) -> None:
        self.first, self.last, self.step = first, last, step

    @staticmethod
    def takes(value: float) -> bool:
        return math.isfinite(value)

    @staticmethod
    def over(values: Sequence[float]) -> Even:
        least, largest = min(values), max(values)
        span = largest / _EVEN_STEPS - least / _EVEN_STEPS
        tiny = 1e-9 * max(abs(least), abs(largest), 1e-290)
        power = 10.0 ** math.floor(math.log10(max(span, tiny)))
        step = next(k * power for k in (1, 2, 5, 10) if k * power >= max(span, tiny))
        first, last = math.floor(least / step), math.ceil(largest / step)
        return Even(first, max(last, first + 1), step)

    def place(self, value: float, cells: int) -> int:
        share = (value / self.step - self.first) / (self.last - self.first)
        return min(cells - 1, max(0, round(share * (cells - 1))))

    def labels(self, cells: int, apart: int) -> dict[int, str]:
        room = max(1, (cells - 1) // apart)
        every = max(1, math.ceil((self.last - self.first) / room))
        share = (cells - 1) / (self.last - self.first)
        marks = range(self.first, self.last + 1, every)
        return {round((k - self.first) * share): number(k * self.step) for k in marks}


def _under(ticks: dict[int, str], columns: int) -> str:
    """The labels below their ticks, inside the width."""
    line = [" "] * (_MARGIN + 2 + columns)
    for cell, label in ticks.items():
        start = min(_MARGIN + 2 + cell - len(label) // 2, len(line) - len(label))
        line[start : start + len(label)] = label
    return "".join(line).rstrip()
