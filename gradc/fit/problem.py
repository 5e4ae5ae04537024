"""What is minimised, as functions of one vector; every number comes from emitted code.

A scalar output is minimised; of an array output, the sum of squares of its elements, the
residuals.  Each function is emitted once, when it is first needed, and an iteration is one call
of it: the Jacobian is a program of its own, whose outputs are the residuals and their
derivatives, so that what both share is computed once.  That program is as long as the given one
times the number of parameters (not of their elements), which is why descent, L-BFGS and Newton's
steps do without it.

Invariant: nothing here decides anything; numbers that are not finite are handed on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradc.ad.expand import expand
from gradc.fit.packing import Packing
from gradc.ir.graph import REAL, Equation, Type, Var
from gradc.ir.program import Program
from gradc.runtime.bind import Bound
from gradc.runtime.engines import PLAIN, Engine, Functions, Wanted, functions
from gradc.runtime.evaluate import call

Array = NDArray[np.float64]

# Of a fit, for the choice of an engine.
_EVALUATIONS = 100


class Slope(NamedTuple):
    """The objective and its gradient at a point."""

    objective: float
    gradient: Array

    @property
    def finite(self) -> bool:
        """Whether all of it is."""
        return bool(np.isfinite(self.objective) and np.isfinite(self.gradient).all())


class Tangents(NamedTuple):
    """The residuals and their Jacobian at a point."""

    residuals: Array
    jacobian: Array

    @property
    def finite(self) -> bool:
        """Whether all of it is."""
        return bool(np.isfinite(self.residuals).all() and np.isfinite(self.jacobian).all())


class Problem:
    """A program with data, as functions of the parameters in one vector."""

    in_memory = True  # all data, so that more than value and gradient can be had

    def __init__(
        self,
        program: Program,
        wrt: Sequence[Var],
        bound: Bound,
        objective: str,
        engine: Engine = PLAIN,
    ) -> None:
        """The program has one real output; `bound` holds the data, and values of the parameters;
        `objective` says in words what is minimised; `engine` computes it."""
        self.objective = objective
        self.program = program
        self.wrt = tuple(wrt)
        self.packing = Packing(wrt, bound.sizes)
        self.start = self.packing.pack(bound.arrays)
        (self.output,) = program.graph.outputs
        self.least_squares = bool(self.output.type.shape)
        self._shape = tuple(dim.evaluate(bound.sizes) for dim in self.output.type.shape)
        self.data = bound.arrays
        self.evaluations = 0
        self._engine = engine
        self._sizes = bound.sizes

    @property
    def residual_count(self) -> int:
        """How many residuals there are; 1 for a scalar output."""
        return int(np.prod(self._shape, dtype=np.int64))

    @cached_property
    def _reverse(self) -> Functions:
        kinds = ("forward", "reverse" if self.least_squares else "value_and_grad")
        return self._functions(self.program, kinds)

    @cached_property
    def _with_jacobian(self) -> Callable[..., Any]:
        mode = "forward" if self.packing.size <= self.residual_count else "reverse"
        wider = jacobian_program(self.program, self.wrt, mode)
        return self._functions(wider, ("forward",), ())["forward"]

    @cached_property
    def _hvp(self) -> Callable[..., Any]:
        return self._functions(self.program, ("hvp",))["hvp"]

    def _functions(
        self, program: Program, kinds: tuple[str, ...], wrt: tuple[Var, ...] | None = None
    ) -> Functions:
        chosen = self.wrt if wrt is None else wrt
        wanted = Wanted(program, chosen, kinds, self._sizes, _EVALUATIONS)
        return functions(wanted, self._engine)

    def _arguments(self, point: Array) -> list[object]:
        return list({**self.data, **self.packing.unpack(point)}.values())

    def _call(self, function: Callable[..., Any], arguments: list[object]) -> Any:
        self.evaluations += 1
        return call(function, arguments, self.program)

    def slope(self, point: Array) -> Slope:
        """The objective and its gradient: of a scalar, or of the sum of squares."""
        arguments = self._arguments(point)
        if not self.least_squares:
            value, gradient = self._call(self._reverse["value_and_grad"], arguments)
            return Slope(float(value), self.packing.joined(gradient))
        found, saved = self._call(self._reverse["forward"], arguments)
        residuals = np.asarray(found, dtype=np.float64)
        with np.errstate(all="ignore"):
            gradient = call(self._reverse["reverse"], [saved, 2.0 * residuals], self.program)
            return Slope(sum_of_squares(residuals), self.packing.joined(gradient))

    def value(self, point: Array) -> float:
        """The objective alone."""
        found, _ = self._call(self._reverse["forward"], self._arguments(point))
        return sum_of_squares(np.ravel(found)) if self.least_squares else float(found)

    def residuals(self, point: Array) -> Array:
        """The residuals in one vector."""
        found, _ = self._call(self._reverse["forward"], self._arguments(point))
        return np.ravel(np.asarray(found, dtype=np.float64))

    def tangents(self, point: Array) -> Tangents:
        """The residuals and their Jacobian, [residuals, parameters]."""
        (residuals, *blocks), _ = self._call(self._with_jacobian, self._arguments(point))
        rows = self.residual_count
        columns = [np.reshape(np.asarray(b, dtype=np.float64), (rows, -1)) for b in blocks]
        return Tangents(np.ravel(residuals), np.hstack(columns))

    def hessian(self, point: Array) -> Array:
        """The Hessian of a scalar output, by a product with each unit vector."""
        arguments = self._arguments(point)
        size = self.packing.size
        hessian = np.empty((size, size))
        for i in range(size):
            unit = np.zeros(size)
            unit[i] = 1.0
            direction = self.packing.unpack(unit).values()
            _, product = self._call(self._hvp, [*arguments, *direction])
            hessian[i] = self.packing.joined(product)
        return hessian


def sum_of_squares(residuals: Array) -> float:
    """The sum of squares; infinite where it overflows."""
    with np.errstate(all="ignore"):
        return float(np.vdot(residuals, residuals))


def jacobian_program(program: Program, wrt: Sequence[Var], mode: str) -> Program:
    """The program with the Jacobian of its output for each of `wrt` as outputs behind it."""
    graph = program.graph
    (output,) = graph.outputs
    taken = set(graph.names())
    equations, outputs = list(graph.equations), [output]
    for var in wrt:
        shape = (*output.type.shape, *var.type.shape)
        name = f"{output.name}%{var.name}"
        while name in taken:
            name += "_"
        out = Var(name, Type(REAL.dtype, shape))
        equations.append(Equation(out, "jacobian", (output, var), (("mode", mode),)))
        outputs.append(out)
    wider = replace(graph, equations=tuple(equations), outputs=tuple(outputs))
    return replace(program, graph=expand(wider))
