"""The emitted sweeps of a program at one point, as products with its Jacobian.

Rows of the Jacobian are the elements of all outputs, columns those of the inputs that derivatives
are taken with respect to.  What a mode needs is emitted when it is first used.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

from gradc.ir.graph import Var
from gradc.ir.program import Program
from gradc.runtime.bind import Bound
from gradc.runtime.engines import PLAIN, Engine, Wanted, functions
from gradc.runtime.evaluate import call
from gradc.runtime.layout import Array, Layout

# Told of every sweep: how many are done, of how many.
Progress = Callable[[int, int], None]


class Sweeps:
    """Products with the Jacobian of a program, at the data that are bound."""

    def __init__(
        self, program: Program, wrt: Sequence[Var], bound: Bound, engine: Engine = PLAIN
    ) -> None:
        self.program = program
        self.wrt = tuple(wrt)
        self.rows = Layout.of(program.graph.outputs, bound.sizes)
        self.columns = Layout.of(wrt, bound.sizes)
        self.expected: int | None = None  # how many sweeps, where not one for each row or column
        self._engine = engine
        self._sizes = bound.sizes
        self.move(bound)

    @property
    def dtype(self) -> str:
        """The type of the derivatives, by its name."""
        return self.program.precision.value

    def move(self, bound: Bound) -> None:
        """Go on at other data, of the same sizes."""
        self._arguments = list(bound.arrays.values())
        self._saved: tuple[Any, ...] | None = None

    def forward(self, direction: Array) -> Array:
        """The Jacobian times a vector: one call of `tangent`."""
        arguments = [*self._arguments, *self.columns.split(direction)]
        _, tangents = call(self._tangent, arguments, self.program)
        return self.rows.joined(tangents if len(self.rows.names) > 1 else (tangents,))

    def reverse(self, weights: Array) -> Array:
        """A vector times the Jacobian: one call of `reverse`."""
        if self._saved is None:
            _, self._saved = call(self._reverse["forward"], self._arguments, self.program)
        seeds = self.rows.split(weights)
        return self.columns.joined(
            call(self._reverse["reverse"], [self._saved, *seeds], self.program)
        )

    @cached_property
    def _tangent(self) -> Callable[..., Any]:
        return self._functions("tangent", self.columns.size)["tangent"]

    @cached_property
    def _reverse(self) -> Mapping[str, Callable[..., Any]]:
        return self._functions("reverse", self.rows.size)

    def _functions(self, kind: str, calls: int) -> Mapping[str, Callable[..., Any]]:
        wanted = Wanted(self.program, self.wrt, (kind,), self._sizes, self.expected or calls)
        return functions(wanted, self._engine)
