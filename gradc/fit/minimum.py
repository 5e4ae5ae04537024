"""A scalar objective: SciPy's L-BFGS-B, then Newton's steps with the exact Hessian.

L-BFGS-B measures each parameter by its start, so that their units matter less, and begins again
from where it ends as long as that helps: its memory of the curvature is then of that place.
Newton's steps, for few parameters, take the last digits, and their Hessian tells a minimum from a
saddle.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradc.fit.box import Box
from gradc.fit.optimality import negligible, scaled_slope
from gradc.fit.problem import Problem, Slope
from gradc.fit.watch import StopFit, Watch

Array = NDArray[np.float64]

# A Hessian takes as many sweeps as there are parameters.
MOST_FOR_NEWTON = 100

_RESTARTS = 5
_NEWTON_STEPS = 10

# Curvatures, relative to the largest: below the first a saddle, up to the second flat.
_NEGATIVE, _FLAT = -1e-8, 1e-13


def lbfgs(problem: Problem, start: Array, box: Box, watch: Watch) -> Array:
    """The point where L-BFGS-B ends, begun again from there while that helps."""
    first = problem.slope(start).objective
    point = start
    for _ in range(_RESTARTS):
        after = _lbfgs_once(problem, point, box, watch)
        slope = problem.slope(after)
        fallen = slope.objective < problem.slope(point).objective
        point = after if fallen else point
        if negligible(point, problem.slope(point), box, first) or not fallen:
            break
    return point


def _lbfgs_once(problem: Problem, start: Array, box: Box, watch: Watch) -> Array:
    from scipy.optimize import minimize

    scale = np.where(start == 0.0, 1.0, np.abs(start))
    fence = _Fence(problem, scale)

    def note(scaled: Array) -> None:
        slope, point = fence.latest(scaled), scaled * scale
        watch.at(point, slope.objective, slope.gradient)

    if not watch.history:
        note(start / scale)
    bounds = list(zip(box.low / scale, box.high / scale, strict=True)) if box.bounded else None
    with np.errstate(all="ignore"):
        found = minimize(
            fence,
            start / scale,
            jac=True,
            method="L-BFGS-B",
            bounds=bounds,
            callback=note,
            options={
                "maxcor": 20,
                "ftol": 0.0,
                "gtol": 0.0,
                "maxls": 60,
                "maxiter": watch.limit + 1,
                "maxfun": 2**31 - 1,
            },
        )
    return box.snapped(np.asarray(found.x * scale, dtype=np.float64))


class _Fence:
    """The objective for a line search: outside the region where it is finite, a bowl round the best
    point so far, which leads back there."""

    def __init__(self, problem: Problem, scale: Array) -> None:
        self._problem = problem
        self._scale = scale
        self._best: tuple[Array, Slope] | None = None
        self._last: tuple[Array, Slope] | None = None

    def __call__(self, scaled: Array) -> tuple[float, Array]:
        slope = self.latest(scaled)
        if slope.finite or self._best is None:
            return slope.objective, slope.gradient * self._scale
        centre, best = self._best
        away = scaled - centre
        steep = (1.0 + abs(best.objective)) / max(float(away @ away), 1e-300)
        return best.objective + steep * float(away @ away), 2.0 * steep * away

    def latest(self, scaled: Array) -> Slope:
        """The objective and its gradient at a point, evaluated once."""
        if self._last is not None and np.array_equal(self._last[0], scaled):
            return self._last[1]
        slope = self._problem.slope(scaled * self._scale)
        self._last = (scaled.copy(), slope)
        if slope.objective == -np.inf:
            raise StopFit("the objective falls to minus infinity: it has no minimum")
        if slope.finite and (self._best is None or slope.objective < self._best[1].objective):
            self._best = self._last
        return slope


class Curvature(NamedTuple):
    """The Hessian in the parameters that no bound holds, by its extreme curvatures.

    Each parameter is measured by its size; the curvatures are of directions of unit length.  So is
    the step, or by the size of its start, if that is larger.
    """

    least: float
    largest: float
    flat: Array  # the directions of the parameters that have no curvature, a column each
    step: float  # the largest change of a parameter by Newton's step; zero where it has none

    @property
    def saddle(self) -> bool:
        """Whether the objective falls in some direction."""
        return self.least < _NEGATIVE * max(abs(self.least), abs(self.largest))


def curvature(problem: Problem, point: Array, box: Box) -> Curvature | None:
    """The extreme curvatures; None where they are not known, or no parameter is free."""
    slope = problem.slope(point)
    found = _bent(problem, point, slope, box)
    if found is None:
        return None
    step = 0.0
    if found.values[0] > 0.0:
        size = np.maximum(np.abs(problem.start[found.free]), found.unit)
        step = float(np.max(np.abs(found.step(slope.gradient)) / size))
    level = np.abs(found.values) <= _FLAT * np.max(np.abs(found.values))
    flat = np.zeros((point.size, int(level.sum())))
    flat[found.free] = found.unit[:, None] * found.vectors[:, level]
    return Curvature(float(found.values[0]), float(found.values[-1]), flat, step)


class _Bent(NamedTuple):
    """The Hessian in the free parameters, measured by their sizes: eigenvalues and -vectors."""

    free: NDArray[np.bool_]
    unit: Array
    values: Array
    vectors: Array

    def step(self, gradient: Array) -> Array:
        """Newton's step of the free parameters, where every curvature is positive."""
        along = self.vectors.T @ (gradient[self.free] * self.unit) / self.values
        return np.asarray(-self.unit * (self.vectors @ along))


def _bent(problem: Problem, point: Array, slope: Slope, box: Box) -> _Bent | None:
    if not problem.in_memory or problem.packing.size > MOST_FOR_NEWTON:
        return None
    free = ~box.held(point, slope.gradient)
    unit = np.where(point == 0.0, 1.0, np.abs(point))[free]
    with np.errstate(all="ignore"):
        hessian = problem.hessian(point)[np.ix_(free, free)] * np.outer(unit, unit)
    if not free.any() or not np.isfinite(hessian).all():
        return None
    return _Bent(free, unit, *np.linalg.eigh((hessian + hessian.T) / 2.0))


def newton(problem: Problem, point: Array, box: Box, first: float) -> Array:
    """The point after Newton's steps, as long as they bring the gradient closer to zero."""
    slope = problem.slope(point)
    for _ in range(_NEWTON_STEPS):
        bent = _bent(problem, point, slope, box) if slope.finite else None
        if bent is None or bent.values[0] <= _FLAT * bent.values[-1]:
            break
        after = point.copy()
        after[bent.free] += bent.step(slope.gradient)
        after = box.clip(after)
        found = problem.slope(after)
        noise = 1e-14 * abs(slope.objective)
        closer = scaled_slope(after, found, box, first) < scaled_slope(point, slope, box, first)
        if not closer or found.objective > slope.objective + noise:
            break
        point, slope = after, found
    return point
