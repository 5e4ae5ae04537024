"""What is true at the point where a method has ended."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradc.fit.box import Box
from gradc.fit.minimum import curvature
from gradc.fit.optimality import OFFSET_TOLERANCE, SLOPE_TOLERANCE, offset, scaled_slope
from gradc.fit.probe import around
from gradc.fit.problem import Problem

Array = NDArray[np.float64]

# Jacobians with more elements are not formed.
LARGEST_JACOBIAN = 50_000_000


# Newton's step from a minimum, relative to the parameters.
NEWTON_TOLERANCE = 1e-4

_OFFSET, _SLOPE = f"{OFFSET_TOLERANCE:g}", f"{SLOPE_TOLERANCE:g}"
_SADDLE = "a saddle or a maximum: the objective falls beside this point; start elsewhere"
_FLATTENS = (
    "the gradient is negligible, but Newton's step is not: the objective flattens out, and may "
    "have no minimum"
)


class Verdict(NamedTuple):
    """Whether a point is a minimum to first order, and no saddle as far as is known."""

    converged: bool
    reason: str
    unique: bool = True  # no direction is without curvature


def dense(problem: Problem) -> bool:
    """Whether the problem is one of residuals whose Jacobian can be formed."""
    elements = problem.residual_count * problem.packing.size
    return problem.least_squares and elements <= LARGEST_JACOBIAN


def verdict(problem: Problem, point: Array, box: Box, first: float) -> Verdict:
    """What is true at a point; `first` is the objective at the start."""
    return (
        _of_residuals(problem, point, box)
        if dense(problem)
        else _of_scalar(problem, point, box, first)
    )


def _of_residuals(problem: Problem, point: Array, box: Box) -> Verdict:
    tangents = problem.tangents(point)
    if not tangents.finite:
        return Verdict(False, "the residuals or their derivatives are not finite")
    here = offset(point, tangents, box)
    if not here.free.any():
        return Verdict(True, "every parameter is held at a bound")
    unique = here.rank == int(here.free.sum())
    if here.rank == 0 and tangents.residuals.any():
        return Verdict(
            False, "no residual changes with the parameters here: start elsewhere", unique
        )
    if here.lost.size and around(problem, point, box, here.lost) == "falls":
        return Verdict(False, _SADDLE, unique)
    if not here.negligible:
        said = f"relative offset {here.relative:.2g}"
        reason = f"the method ended where the parameters explain part of the residuals ({said})"
        return Verdict(False, reason, unique)
    if here.relative > OFFSET_TOLERANCE:
        return Verdict(True, "the residuals are zero to rounding", unique)
    reason = f"no change of the parameters explains more (relative offset below {_OFFSET})"
    return Verdict(True, reason, unique)


def _of_scalar(problem: Problem, point: Array, box: Box, first: float) -> Verdict:
    slope = problem.slope(point)
    if not slope.finite:
        return Verdict(False, "the objective or its gradient is not finite")
    if box.held(point, slope.gradient).all():
        return Verdict(True, "every parameter is held at a bound")
    size = scaled_slope(point, slope, box, first)
    if size > SLOPE_TOLERANCE:
        return Verdict(
            False,
            f"the method ended where the gradient is not zero (relative to the objective "
            f"{size:.2g}): there may be a kink, or no minimum",
        )
    bent = None if problem.least_squares else curvature(problem, point, box)
    flat = np.zeros((point.size, 0)) if bent is None else bent.flat
    if bent is None and not slope.gradient.any():
        flat = np.eye(point.size)
    beside = around(problem, point, box, flat) if flat.size else "rises"
    if beside == "falls" or (bent is not None and bent.saddle):
        return Verdict(False, _SADDLE)
    if beside == "flat" and flat.shape[1] == point.size:
        return Verdict(False, "the objective is flat here: start elsewhere", unique=False)
    if bent is not None and bent.step > NEWTON_TOLERANCE:
        return Verdict(False, _FLATTENS)
    reason = f"the gradient is zero (below {_SLOPE} of the objective)"
    return Verdict(True, reason, unique=beside != "flat")
