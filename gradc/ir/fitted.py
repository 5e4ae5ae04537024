"""The result of a fit: parameters, what is known about them, and why it ended.

Invariant: `converged` is true only where first-order optimality was verified at the parameters,
whatever the method said; a number that is not known is None or NaN, never invented.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Value = float | Array


class Step(NamedTuple):
    """One step of a method: the point it starts from, and what is known there.

    `after` is the point that it leads to, where the method is one whose steps are shown.
    """

    what: str  # is minimised
    number: int
    objective: float
    gradient_norm: float
    point: Mapping[str, Value]
    gradient: Mapping[str, Value]
    after: Mapping[str, Value] | None = None


class Statistics(NamedTuple):
    """What least squares says about its parameters.

    `elements` names the scalars of which `covariance` has a row each: `b`, `w[0]`.  NaN stands
    for what the residuals do not determine, and for parameters at a bound.
    """

    residuals: int
    degrees_of_freedom: int
    residual_standard_deviation: float | None  # None without degrees of freedom
    rank: int
    elements: tuple[str, ...]
    covariance: Array
    standard_errors: Mapping[str, Value]
    undetermined: tuple[str, ...]
    at_bound: tuple[str, ...]


class Starts(NamedTuple):
    """How several starts ended."""

    tried: int
    seed: int
    converged: int
    reached: int  # how many ended at the best objective
    best: int  # which one is the result; 1 is the start that was given


class Observed(NamedTuple):
    """What a program compares, element by element: data, and what it computes for them.

    `across` is the one input along which both can be drawn, if there is one.
    """

    label: str
    data: Array
    model: Array
    across_label: str
    across: Array | None


class Landscape(NamedTuple):
    """The objective around the path of a fit: over one parameter, or on a grid of two."""

    elements: tuple[str, ...]
    axes: tuple[Array, ...]
    heights: Array  # [second, first] of two


@dataclass(frozen=True)
class Fitted:
    """The end of a fit."""

    parameters: Mapping[str, Value]
    what: str  # was minimised, in words
    least_squares: bool
    objective: float  # the minimum, or the sum of squares
    converged: bool
    reason: str
    method: str
    iterations: int
    evaluations: int
    gradient_norm: float
    history: tuple[float, ...]  # the objective at the start and after each step
    path: tuple[Array, ...]  # the points of `history`, where they were asked for
    elements: tuple[str, ...]  # the names of the elements of a point
    statistics: Statistics | None = None
    starts: Starts | None = None
    observed: Observed | None = None
    landscape: Landscape | None = None
    interrupted: bool = False
    limited: bool = False  # ended after the number of steps that was asked for

    @property
    def standard_errors(self) -> Mapping[str, Value] | None:
        """The standard error of each parameter; None where there are no residuals."""
        return None if self.statistics is None else self.statistics.standard_errors
