"""Least squares: SciPy's Levenberg-Marquardt (MINPACK) and trust region, with exact Jacobians.

Both run until no digit changes any more, and a few Gauss-Newton steps then take off what they
leave.  Parameters are measured by the columns of the Jacobian (J. Moré, The Levenberg-Marquardt
algorithm: implementation and theory, 1978), so that their units do not matter.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradc.fit.box import Box
from gradc.fit.optimality import offset
from gradc.fit.problem import Problem, Tangents, sum_of_squares
from gradc.fit.watch import Watch

Array = NDArray[np.float64]

# SciPy asks for more than a rounding error; this is the next double above one.
_TIGHT = float(np.nextafter(np.finfo(float).eps, 1.0))

# Takes the place of residuals that are not finite: a step to there is refused by MINPACK.
_REFUSED = 1e100

_POLISHING = 20
_EVALUATIONS_PER_STEP = 50


def levenberg_marquardt(problem: Problem, start: Array, box: Box, watch: Watch) -> Array:
    """The point where MINPACK ends; for no bounds, and no fewer residuals than parameters."""

    def residuals(point: Array) -> Array:
        found = problem.residuals(point)
        return found if np.isfinite(found).all() else np.full_like(found, _REFUSED)

    return _least_squares("lm", residuals, problem, start, watch)


def trust_region(problem: Problem, start: Array, box: Box, watch: Watch) -> Array:
    """The point where the reflective trust region ends, moved to the bounds that it approaches."""
    bounds = {"bounds": (box.low, box.high)} if box.bounded else {}
    found = _least_squares("trf", problem.residuals, problem, start, watch, **bounds)
    return _at_bounds(found, problem, box)


def _least_squares(
    method: str,
    residuals: Callable[[Array], Array],
    problem: Problem,
    start: Array,
    watch: Watch,
    **settings: Any,
) -> Array:
    """SciPy's `least_squares`; each Jacobian is taken at a point that a step has led to."""
    from scipy.optimize import least_squares

    def jacobian(point: Array) -> Array:
        tangents = problem.tangents(point)
        watch.at(point, sum_of_squares(tangents.residuals), _gradient(tangents))
        return np.where(np.isfinite(tangents.jacobian), tangents.jacobian, 0.0)

    limit = min(_EVALUATIONS_PER_STEP * (watch.limit + 1), 2**31 - 1)
    with np.errstate(all="ignore"):
        found = least_squares(
            residuals,
            start,
            jacobian,
            method=method,
            x_scale="jac",
            ftol=_TIGHT,
            xtol=_TIGHT,
            gtol=_TIGHT,
            max_nfev=limit,
            **settings,
        )
    return np.asarray(found.x, dtype=np.float64)


def _gradient(tangents: Tangents) -> Array:
    """The gradient of the sum of squares."""
    with np.errstate(all="ignore"):
        return np.asarray(2.0 * (tangents.jacobian.T @ tangents.residuals))


def _at_bounds(point: Array, problem: Problem, box: Box) -> Array:
    """The point with the elements on their bounds that an interior method ends just inside of, and
    that the gradient presses against them; where that raises the objective, the point itself."""
    if not box.bounded:
        return point
    gradient = _gradient(problem.tangents(point))
    near = 1e-6 * np.maximum(np.abs(point), 1.0)
    moved = np.where((point - box.low <= near) & (gradient > 0.0), box.low, point)
    moved = np.where((box.high - point <= near) & (gradient < 0.0), box.high, moved)
    most = problem.value(point) * (1.0 + 1e-12)
    return moved if problem.value(moved) <= most else point


def polished(problem: Problem, point: Array, box: Box) -> Array:
    """The point after Gauss-Newton steps, as long as they make the residuals more orthogonal."""
    tangents = problem.tangents(point)
    if not tangents.finite:
        return point
    here = offset(point, tangents, box)
    for _ in range(_POLISHING):
        after = point.copy()
        after[here.free] += here.step
        after = box.clip(after)
        found = problem.tangents(after)
        if not found.finite:
            break
        there = offset(after, found, box)
        closer = there.explained < 0.9 * here.explained and there.rank >= here.rank
        most = sum_of_squares(tangents.residuals) * (1.0 + 1e-12)
        if not closer or sum_of_squares(found.residuals) > most:
            break
        point, tangents, here = after, found, there
    return point
