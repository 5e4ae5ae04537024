"""What is known while a method runs: its steps so far, and the best of them.

A method says each of its steps to the watch, which counts and keeps them and stops the method by
an exception, the same way for all: after as many steps as were asked for, or where the objective
falls below all bounds.  So Ctrl-C, too, finds the best parameters so far here.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from gradc.fit.problem import Problem
from gradc.ir.fitted import Step

Array = NDArray[np.float64]

# An objective that has fallen below zero by so many times what it was at the start, or by so much,
# is taken for one without a minimum.
_BOTTOM = 1e12


class StopFit(Exception):  # noqa: N818  (no error: it ends a method)
    """Ends a method that is not converged, and says why."""

    def __init__(self, reason: str, limited: bool = False) -> None:
        self.limited = limited
        super().__init__(reason)


class Listener(Protocol):
    """Who hears of each step."""

    def __call__(self, step: Step) -> None:
        """Take note of a step."""


class Watch:
    """The steps of one method from one start."""

    def __init__(
        self,
        problem: Problem,
        limit: int,
        listener: Listener | None = None,
        keep_path: bool = False,
    ) -> None:
        self._what = problem.objective
        self._unpack = problem.packing.unpack
        self.limit = limit
        self.best: Array | None = None
        self.best_objective = np.inf
        self.best_norm = np.nan  # of the gradient there
        self.last: Array | None = None
        self.history: list[float] = []
        self.path: list[Array] = []
        self._listener = listener
        self._keep_path = keep_path

    @property
    def steps(self) -> int:
        """How many steps were taken; the first point is the start."""
        return max(len(self.history) - 1, 0)

    def at(
        self, point: Array, objective: float, gradient: Array, after: Array | None = None
    ) -> None:
        """Note a point that a step has led to; `after` is where the next one leads.

        Raises StopFit where the method is to end.
        """
        self.history.append(objective)
        self.last = point.copy()
        if self._keep_path:
            self.path.append(self.last)
        if self.best is None or objective < self.best_objective:
            self.best, self.best_objective = self.last, objective
            with np.errstate(all="ignore"):
                self.best_norm = float(np.linalg.norm(gradient))
        done = self.steps >= self.limit
        if self._listener is not None:
            with np.errstate(all="ignore"):
                norm = float(np.linalg.norm(gradient))
            shown = after is not None and not done
            self._listener(
                Step(
                    self._what,
                    self.steps,
                    objective,
                    norm,
                    self._unpack(point) if shown else {},
                    self._unpack(gradient) if shown else {},
                    self._unpack(after) if after is not None and shown else None,
                )
            )
        if objective < -_BOTTOM * max(abs(self.history[0]), 1.0):
            raise StopFit(f"the objective falls to {objective:.3g}: it seems to have no minimum")
        if done:
            steps = "1 step" if self.limit == 1 else f"{self.limit} steps"
            raise StopFit(f"stopped after {steps}, before a minimum was reached", limited=True)
