"""The derivative by a complex step: the imaginary part of values at an imaginary step, by the step.

Nothing is subtracted, so the step can be so small that the derivative is exact to rounding (W.
Squire and G. Trapp, Using complex variables to estimate derivatives of real functions, 1998).  It
takes code for complex numbers (`targets.python.complex_style`), in which no derivative of a row or
an author has a part.

Invariant: a derivative is given only where the inputs that move reach analytic rows alone, where
the values for complex numbers are those for real ones, and where two steps agree.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradc.ir.program import Program
from gradc.runtime.evaluate import call
from gradc.runtime.load import load_functions
from gradc.targets.python.complex_style import emit_complex

Array = NDArray[np.float64]

#: The two steps, times the scale of what moves.
STEPS = (2.0**-60, 2.0**-66)

#: Relatively, how near the values and the derivatives of both steps are to each other.
NEAR = 1e-9


class Slope(NamedTuple):
    """A derivative, about how far off it may be, and the step that it was found with."""

    value: float
    error: float
    step: float


class ComplexStep:
    """A program for complex numbers, at a point."""

    def __init__(
        self, program: Program, inputs: Mapping[str, Any], weights: Sequence[Array]
    ) -> None:
        text, analytic = emit_complex(program)
        self._run = load_functions(text, program.source.name)["values"]
        self._analytic = frozenset(var.name for var in analytic)
        self._weights = weights
        self._inputs = inputs

    def covers(self, direction: Mapping[str, Array]) -> bool:
        """Whether all that moves may be complex."""
        return direction.keys() <= self._analytic

    def slope(
        self, direction: Mapping[str, Array], scale: float, at: Mapping[str, Any], value: float
    ) -> Slope | None:
        """The derivative along a direction at inputs where the sum of the outputs is a value;
        None where it cannot be had."""
        found = []
        for step in STEPS:
            result = self._sum(direction, scale * step, at)
            if result is None or not math.isfinite(result.imag):
                return None
            if not abs(result.real - value) <= NEAR * max(abs(value), abs(result.real)):
                return None
            found.append(result.imag / (scale * step))
        apart = abs(found[0] - found[1])
        if not apart <= NEAR * max(map(abs, found)):
            return None
        return Slope(found[0], apart + 1e-15 * abs(found[0]), scale * STEPS[-1])

    def _sum(
        self, direction: Mapping[str, Array], step: float, at: Mapping[str, Any]
    ) -> complex | None:
        """The weighted sum of the outputs with an imaginary step; None where NumPy refuses:
        what a loop collects is complex throughout, and NumPy lacks some operations then."""
        if step == 0.0:
            return None
        moved = dict(at)
        for name, by in direction.items():
            moved[name] = np.asarray(at[name], dtype=np.float64) + 1j * step * by
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")  # an imaginary part that would be dropped
                values = call(self._run, list(moved.values()))
        except (TypeError, ValueError, Warning):
            return None
        with np.errstate(all="ignore"):
            parts = [np.sum(w * v) for w, v in zip(self._weights, values, strict=True)]
        return complex(sum(parts))
