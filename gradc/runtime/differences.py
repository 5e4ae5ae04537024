"""The derivative of a function of one number by differences, with an estimate of its error.

Central differences at steps that fall by factors of four are extrapolated (Richardson's method on
the table of C. Ridders, Accurate computation of F'(x) and F'(x) F''(x), 1982); of all
extrapolated values the one with the least error is taken.  Where the function is defined on one
side only, differences to that side are.

Slopes to the two sides are compared on the way: what is left between them where steps become small
is a kink.  Deliberately absent: derivatives of programs, and verdicts (`judging`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradc.runtime.moving import ROUNDING, noise_of

Array = NDArray[np.float64]

#: Values of what is added up, and how far the argument really went.
Path = Callable[[float], tuple[Array, float]]

FIRST_STEP = 2.0**-7  # times the scale of the argument
RATIO = 4.0
MOST_STEPS = 24
COLUMNS = 4  # of the table of extrapolation
ENOUGH = 1e-12  # a relative error with which one stops


class Estimate(NamedTuple):
    """A derivative by numbers.

    `sides` are the slopes to the left and to the right, where these stay apart; at a jump they
    grow without bound.
    """

    value: float
    error: float
    step: float  # the smallest step that it rests on
    one_sided: bool = False
    sides: tuple[float, float] | None = None
    jump: bool = False
    apart: float = 0.0  # by how much values show that the sides stay apart


class _Level(NamedTuple):
    """What one step shows: slopes, and how uncertain rounding of the values makes them."""

    step: float
    central: float
    left: float
    right: float
    floor: float


def derivative(path: Path, scale: float) -> Estimate:
    """The derivative at 0 of a function whose argument has some scale.

    The error is infinite where there is nothing to see.
    """
    start, _ = path(0.0)
    levels: list[_Level] = []
    step = FIRST_STEP * scale
    with np.errstate(all="ignore"):
        for _ in range(MOST_STEPS):
            level = _level(path, start, step)
            if level is None:
                break
            levels.append(level)
            if len(levels) >= 3 and _is_enough(levels) and not _stays(levels):
                break
            step /= RATIO
        return _estimate(levels, path)


def noise(path: Path, step: float) -> float:
    """About the standard deviation of noise in the sum, from values a part of a step apart: on
    either side by itself, so that a kink or a jump between them is no noise."""
    found = []
    with np.errstate(all="ignore"):
        for side in (step / 8.0, -step / 8.0):
            values = [np.asarray(np.sum(path(side * k)[0])) for k in range(1, 7)]
            size = float(noise_of(values))
            if all(map(math.isfinite, map(float, values))):
                found.append(size)
    return max(found, default=math.inf)


def _level(path: Path, start: Array, step: float) -> _Level | None:
    """The slopes with one step; None where the step is lost in rounding."""
    (above, up), (below, down) = path(step), path(-step)
    if up <= 0.0 or down >= 0.0:
        return None
    right = float(np.sum(above - start)) / up
    left = float(np.sum(start - below)) / -down
    both = float(np.sum(above - below)) / (up - down)
    sums = float(np.sum(abs(above))), float(np.sum(abs(start))), float(np.sum(abs(below)))
    finite = [s for s in sums if math.isfinite(s)]
    return _Level(step, both, left, right, 2.0 * ROUNDING * max(finite, default=0.0) / step)


def _is_enough(levels: Sequence[_Level]) -> bool:
    """Whether smaller steps would not say more."""
    found = _best(levels, "central", RATIO**2)
    if found is None:
        return False
    value, error, step = found
    if error <= ENOUGH * abs(value) or (error == 0.0 and len(levels) >= 4):
        return True
    behind = levels[-1].step < step / RATIO**2
    return behind and levels[-1].floor > error


def _estimate(levels: Sequence[_Level], path: Path) -> Estimate:
    defined = {side: _defined(levels, side) for side in ("left", "right")}
    if not all(defined.values()):
        for side, levels_there in defined.items():
            found = _best(levels_there, side, RATIO) if len(levels_there) >= 3 else None
            if found is not None:
                return Estimate(*found, one_sided=True)
        return Estimate(math.nan, math.inf, levels[-1].step if levels else 0.0)
    found = _best(levels, "central", RATIO**2)
    shown = _apart(levels, path)
    jump = shown is not None and shown.jump
    sides, apart = None, 0.0
    if shown is not None:
        apart = shown.values
        slopes = [None if jump else _best(levels, side, RATIO) for side in ("left", "right")]
        left, right = (slope and slope[0] for slope in slopes)
        sides = (
            shown.level.left if left is None else left,
            shown.level.right if right is None else right,
        )
    if found is None:
        step = levels[-1].step if levels else 0.0
        return Estimate(math.nan, math.inf, step, False, sides, jump, apart)
    return Estimate(*found, False, sides, jump, apart)


def _defined(levels: Sequence[_Level], side: str) -> list[_Level]:
    """The levels on which the slope to a side is a number, if it is at the smallest steps."""
    found = [level for level in levels if math.isfinite(getattr(level, side))]
    return found if found and found[-1] is levels[-1] else []


def _best(levels: Sequence[_Level], kind: str, ratio: float) -> tuple[float, float, float] | None:
    """The extrapolated value with the least error, that error, and the smallest step used."""
    best: tuple[float, float, float] | None = None
    above: list[float] = []
    for level in levels:
        row = [getattr(level, kind)]
        for j in range(1, min(len(above) + 1, COLUMNS)):
            factor = ratio**j
            row.append((factor * row[j - 1] - above[j - 1]) / (factor - 1.0))
            error = max(abs(row[j] - row[j - 1]), abs(row[j] - above[j - 1])) + level.floor
            if math.isfinite(error) and (best is None or error < best[1]):
                best = (row[j], error, level.step)
        above = row
    return best


def _stays(levels: Sequence[_Level]) -> bool:
    """Whether the slopes to the two sides are as far apart with the last step as with one 16 times
    as long, or as at a jump both are so many times as large.

    Half of the gap would stay at a kink that is not of first order, a sixteenth at a smooth point.
    """
    if len(levels) < 3:
        return False
    first, last = levels[-3], levels[-1]
    if _grows(first, last):
        return _size(last) > 8.0 * last.floor
    gap = abs(last.right - last.left)
    return gap > max(8.0 * last.floor, 1e-7 * _size(last)) and gap >= 0.5 * abs(
        first.right - first.left
    )


def _size(level: _Level) -> float:
    return max(abs(level.right), abs(level.left))


def _grows(first: _Level, last: _Level) -> bool:
    """Whether a slope grows as a step becomes a sixteenth, as at a jump and nowhere else."""
    return 12.0 * _size(first) < _size(last) < math.inf


class _Apart(NamedTuple):
    """A step with which the slopes to both sides are clearly apart, by how much values show
    that at the largest such step, and whether it is a jump."""

    level: _Level
    values: float
    jump: bool


def _apart(levels: Sequence[_Level], path: Path) -> _Apart | None:
    """How the slopes to both sides are apart; None where they come together as far down as
    rounding lets one see."""
    growing = [i for i in range(2, len(levels)) if _grows(levels[i - 2], levels[i])]
    if len(growing) >= 3 and growing[-1] >= len(levels) - 2:
        shown = levels[growing[0]]
        clear = _is_clear(_size(shown), shown, path)
        return _Apart(shown, _size(shown) * shown.step, True) if clear else None
    kept = list(levels)
    while kept and _gap(kept[-1]) <= 8.0 * kept[-1].floor:
        kept.pop()
    steady = [i for i in range(2, len(kept)) if _stays(kept[: i + 1])]
    if len(kept) < 5 or not steady:
        return None
    changes = {i: abs(_gap(kept[i]) / _gap(kept[i - 1]) - 1.0) for i in steady}
    least = min(changes.values())
    shown = kept[next(i for i in steady if changes[i] <= 2.0 * least)]
    if sorted(map(_gap, kept[-3:]))[1] < 0.5 * _gap(shown):
        return None
    first = kept[steady[0]]
    clear = _is_clear(_gap(shown), shown, path)
    return _Apart(shown, _gap(first) * first.step, False) if clear else None


def _is_clear(slope: float, level: _Level, path: Path) -> bool:
    return slope > 16.0 * noise(path, level.step) / level.step


def _gap(level: _Level) -> float:
    return abs(level.right - level.left)
