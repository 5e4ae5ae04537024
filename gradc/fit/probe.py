"""Looking about where derivatives say nothing: a plateau, a kink, a saddle of residuals.

Invariant: directions are drawn with a fixed seed, so that the same fit ends with the same words.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from gradc.fit.box import Box
from gradc.fit.problem import Problem

Array = NDArray[np.float64]
Around = Literal["falls", "flat", "rises"]

_DIRECTIONS = 16
_DISTANCE = 1e-2  # in sizes of the parameters
_FALL = 1e-8  # relative to the objective; less is rounding


def around(problem: Problem, point: Array, box: Box, basis: Array) -> Around:
    """What the objective does beside a point, in combinations of the columns of `basis`.

    It falls somewhere, is the same everywhere, or rises somewhere and falls nowhere.
    """
    here = problem.value(point)
    unit = np.where(point == 0.0, 1.0, np.abs(point))
    changes = []
    for weights in np.random.default_rng(0).standard_normal((_DIRECTIONS, basis.shape[1])):
        along = basis @ weights
        size = float(np.max(np.abs(along) / unit, initial=0.0))
        if size == 0.0:
            continue
        for step in (_DISTANCE / size, -_DISTANCE / size):
            there = problem.value(box.clip(point + step * along))
            if np.isfinite(there):
                changes.append(there - here)
    if any(change < -_FALL * abs(here) for change in changes):
        return "falls"
    return "rises" if any(change > _FALL * abs(here) for change in changes) else "flat"
