"""The methods by their names, and which of them suits a problem."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradc.diagnostics import Diagnostic, UsageError
from gradc.fit.box import Box
from gradc.fit.descent import adam, gradient_descent
from gradc.fit.minimum import lbfgs, newton
from gradc.fit.problem import Problem
from gradc.fit.settings import AUTO, RATES, Settings
from gradc.fit.squares import levenberg_marquardt, polished, trust_region
from gradc.fit.verdict import dense
from gradc.fit.watch import Watch

Array = NDArray[np.float64]
Run = Callable[[Problem, Array, Box, Watch], Array]


class Method(NamedTuple):
    """A method, ready to run.

    `finish` takes a point that `run` ended at to its last digits, given the objective at the start.
    """

    name: str
    title: str
    steps: int  # at most, where no number is asked for
    run: Run
    finish: Callable[[Problem, Array, Box, float], Array]
    shows_steps: bool = False  # its steps are explained, and its last point is its result


def chosen(problem: Problem, box: Box, settings: Settings) -> list[Method]:
    """The methods to try, in order, until one of them converges.

    Raises UsageError for a method that does not suit the problem.
    """
    name = settings.method
    if settings.rate is not None and name not in RATES:
        raise _unsuitable(f"--rate is for the methods {' and '.join(RATES)}", None)
    enough = problem.residual_count >= problem.packing.size
    if name == AUTO:
        if not dense(problem):
            return [_LBFGS]
        return [_LM, _TRF] if enough and not box.bounded else [_TRF]
    if name in RATES:
        return [_descent(name, settings.rate)]
    if name == "lbfgs":
        return [_LBFGS]
    if not problem.least_squares:
        raise _unsuitable(
            f"the method {name} is for residuals; {problem.objective} is a scalar",
            "take --method lbfgs, or make the residuals the output",
        )
    if name == "lm" and box.bounded:
        raise _unsuitable("the method lm takes no bounds", "take --method trf")
    if name == "lm" and not enough:
        count = f"{problem.residual_count} residuals, {problem.packing.size} parameters"
        raise _unsuitable(f"the method lm needs as many residuals as parameters: {count}", None)
    return [_LM if name == "lm" else _TRF]


def _unsuitable(message: str, help: str | None) -> UsageError:
    return UsageError([Diagnostic("G0779", message, help=help)])


def _descent(name: str, rate: float | None) -> Method:
    step = RATES[name] if rate is None else rate
    run = gradient_descent if name == "gd" else adam
    title = "gradient descent" if name == "gd" else "Adam"

    def with_rate(problem: Problem, start: Array, box: Box, watch: Watch) -> Array:
        return run(problem, start, box, watch, step)

    return Method(
        name, f"{title}, rate {step:g}", 10_000, with_rate, lambda p, x, box, f: x, name == "gd"
    )


def _gauss_newton(problem: Problem, point: Array, box: Box, first: float) -> Array:
    return polished(problem, point, box)


def _for_scalar(problem: Problem, point: Array, box: Box, first: float) -> Array:
    """Newton's steps; of residuals, Gauss-Newton's."""
    if not problem.least_squares:
        return newton(problem, point, box, first)
    return polished(problem, point, box) if dense(problem) else point


_LBFGS = Method("lbfgs", "L-BFGS-B", 20_000, lbfgs, _for_scalar)
_LM = Method("lm", "Levenberg-Marquardt", 20_000, levenberg_marquardt, _gauss_newton)
_TRF = Method("trf", "trust region", 20_000, trust_region, _gauss_newton)
