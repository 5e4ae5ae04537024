"""A log-log plot in plain text, for a terminal.

Invariant: every line is at most `WIDTH` columns wide, and holds ASCII alone unless Unicode is
asked for.  Deliberately absent: linear axes, colour, and more than what one picture needs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal, NamedTuple

from gradc.report.numbers import number

WIDTH, HEIGHT = 72, 16
_MARGIN = 8  # columns of the labels at the left

Mark = Literal["point", "line", "floor"]
_UNICODE: dict[Mark, str] = {"point": "●", "line": "·", "floor": "░"}
_ASCII: dict[Mark, str] = {"point": "o", "line": ".", "floor": "~"}


class Series(NamedTuple):
    """Points to be drawn with one mark; those that are not positive are left out."""

    label: str
    mark: Mark
    points: Sequence[tuple[float, float]]


def log_log(series: Sequence[Series], across: str, up: str, unicode: bool) -> str:
    """The series on two logarithmic axes with decades marked; later ones lie on top.

    Empty where no point can be drawn.
    """
    drawn = [s._replace(points=[p for p in s.points if _drawable(p)]) for s in series]
    points = [point for s in drawn for point in s.points]
    if not points:
        return ""
    xs, ys = _Axis.over([x for x, _ in points]), _Axis.over([y for _, y in points])
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


def _drawable(point: tuple[float, float]) -> bool:
    return all(0.0 < part < math.inf for part in point)


class _Axis(NamedTuple):
    """A range of whole decades."""

    first: int
    last: int

    @staticmethod
    def over(values: Sequence[float]) -> _Axis:
        first, last = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
        return _Axis(first, max(last, first + 1))

    def place(self, value: float, cells: int) -> int:
        """The cell of a value."""
        share = (math.log10(value) - self.first) / (self.last - self.first)
        return min(cells - 1, max(0, round(share * (cells - 1))))

    def labels(self, cells: int, apart: int) -> dict[int, str]:
        """The decades that are labelled, by their cells, at least so many cells apart."""
        room = max(1, (cells - 1) // apart)
        every = max(1, math.ceil((self.last - self.first) / room))
        decades = range(self.first, self.last + 1, every)
        share = (cells - 1) / (self.last - self.first)
        return {round((k - self.first) * share): number(10.0**k) for k in decades}


def _under(ticks: dict[int, str], columns: int) -> str:
    """The labels below their ticks, inside the width."""
    line = [" "] * (_MARGIN + 2 + columns)
    for cell, label in ticks.items():
        start = min(_MARGIN + 2 + cell - len(label) // 2, len(line) - len(label))
        line[start : start + len(label)] = label
    return "".join(line).rstrip()
