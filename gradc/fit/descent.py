"""Gradient descent and Adam: methods that a page explains, with a rate of one's own.

    gd      w <- w - rate * dw
    adam    D. Kingma, J. Ba, Adam: a method for stochastic optimization, 2015, Algorithm 1

Each point is moved into the bounds after its step.  Both end at a point whose gradient is
negligible, or with the steps that were asked for.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from gradc.fit.box import Box
from gradc.fit.optimality import negligible
from gradc.fit.problem import Problem
from gradc.fit.watch import StopFit, Watch

Array = NDArray[np.float64]

# Adam's constants, as in the paper.
_BETA1, _BETA2, _EPSILON = 0.9, 0.999, 1e-8


def gradient_descent(problem: Problem, start: Array, box: Box, watch: Watch, rate: float) -> Array:
    """The point after plain steps against the gradient; raises StopFit."""
    return _descend(problem, start, box, watch, lambda gradient: rate * gradient)


def adam(problem: Problem, start: Array, box: Box, watch: Watch, rate: float) -> Array:
    """The point after steps of Adam; raises StopFit."""
    mean, square = np.zeros_like(start), np.zeros_like(start)
    count = 0

    def move(gradient: Array) -> Array:
        nonlocal mean, square, count
        count += 1
        mean = _BETA1 * mean + (1.0 - _BETA1) * gradient
        square = _BETA2 * square + (1.0 - _BETA2) * gradient**2
        unbiased = square / (1.0 - _BETA2**count)
        return rate * (mean / (1.0 - _BETA1**count)) / (np.sqrt(unbiased) + _EPSILON)

    return _descend(problem, start, box, watch, move)


def _descend(
    problem: Problem, start: Array, box: Box, watch: Watch, move: Callable[[Array], Array]
) -> Array:
    """Steps until the gradient is negligible; raises StopFit where the numbers are not finite."""
    point, first = start, None
    while True:
        slope = problem.slope(point)
        if not slope.finite:
            raise StopFit(
                f"the objective or its gradient is not finite after step {watch.steps}; "
                "try a smaller rate"
            )
        first = slope.objective if first is None else first
        done = negligible(point, slope, box, first)
        with np.errstate(all="ignore"):
            after = None if done else box.clip(point - move(slope.gradient))
        watch.at(point, slope.objective, slope.gradient, after)
        if after is None:
            return point
        point = after
