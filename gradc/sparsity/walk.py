"""The patterns of the results of a graph, from equation to equation: `Walk`.

The graph is that of tangents, which are linear in the directions that they come from: what a
tangent can depend on is what its quantity depends on by derivatives.  Loops are gone through step
by step, since each step may read other rows; from where steps do the same, one stands for all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from gradc.ir.dims import Dim, Shape
from gradc.ir.graph import Atom, Equation, Lit, Size, Var
from gradc.ops.control import Loop
from gradc.sparsity.opening import TooLongError
from gradc.sparsity.rules import pattern_of
from gradc.sparsity.sets import EMPTY, Numbers, Sets
from gradc.sparsity.steering import Fixed

State = list["Numbers | None"]


class Walk:
    """Goes through equations, and knows the pattern of every quantity that has one."""

    def __init__(
        self, sets: Sets, sizes: Mapping[str, int], fixed: Mapping[Var, Fixed], limit: int
    ) -> None:
        """At most `limit` equations are gone through, steps of loops counted, or TooLongError is
        raised."""
        self.sets = sets
        self.patterns: dict[Var, Numbers] = {}
        self._sizes = sizes
        self._fixed = fixed
        self._left = limit
        self._steps: list[int] = []  # the number of the step, for each loop around
        self._counters: dict[Var, tuple[int, int]] = {}  # of each loop: its depth, its value
        self._varied: list[bool] = []  # whether something was read that other steps have else

    def run(self, equations: Iterable[Equation]) -> None:
        """Find the patterns of what equations define."""
        patterns = self.patterns
        for equation in equations:
            operands = [patterns.get(arg) if type(arg) is Var else None for arg in equation.args]
            if all(numbers is None for numbers in operands):
                for out in equation.outs:
                    patterns.pop(out, None)
                continue
            self._left -= 1
            if self._left < 0:
                raise TooLongError
            if equation.op == "loop":
                self._loop(equation)
            else:
                self._set(equation.out, pattern_of(self, equation, operands))

    def _set(self, var: Var, numbers: Numbers | None) -> None:
        if numbers is None:
            self.patterns.pop(var, None)
        else:
            self.patterns[var] = numbers

    # What rules ask

    def shape(self, shape: Shape) -> tuple[int, ...]:
        """A shape as numbers."""
        return tuple(dim.evaluate(self._sizes) for dim in shape)

    def size(self, dim: Dim) -> int:
        """A size as a number."""
        return dim.evaluate(self._sizes)

    def value(self, atom: Atom) -> Any:
        """The value of an integer or a truth; None where it may be another at other points."""
        if type(atom) is Lit:
            return atom.value
        if type(atom) is Size:
            return atom.dim.evaluate(self._sizes)
        assert type(atom) is Var
        if atom in self._counters:
            depth, value = self._counters[atom]
            self._varied[depth] = True
            return value
        found = self._fixed.get(atom)
        if found is None:
            return None
        for depth, varies in enumerate(found.varies):
            self._varied[depth] |= varies
        return found.values[tuple(self._steps[: found.depth])] if found.depth else found.values

    # Loops

    def _loop(self, equation: Equation) -> None:
        loop = Loop.of(equation)
        length = self.size(loop.length)
        known = loop.count if loop.count is not None else loop.steps
        ran = length if known is None else self.value(known)
        counter, *inside = loop.body.inputs[: 1 + loop.carried]
        state: State = [
            self.patterns.get(atom) if type(atom) is Var else None for atom in loop.initial
        ]
        initial = ever = state
        rows: list[list[Numbers | None]] = [[None] * length for _ in loop.collected]
        order = range(length if ran is None else int(ran))
        steps = list(reversed(order)) if loop.backwards else list(order)
        depth = len(self._steps)
        for position, k in enumerate(steps):
            if ran is None and loop.backwards:
                state = self._either(state, initial)  # this step may be the first
            for var, numbers in zip(inside, state, strict=True):
                self._set(var, numbers)
            self._counters[counter] = depth, self.size(loop.start) + k * loop.step
            self._steps.append(k)
            self._varied.append(False)
            self.run(loop.body.equations)
            varied = self._varied.pop()
            self._steps.pop()
            results = [self.patterns.get(var) for var in loop.body.outputs]
            before, state = state, results[: loop.carried]
            ever = self._either(ever, state) if ran is None else state
            for collected, numbers in zip(rows, results[loop.carried :], strict=True):
                collected[k] = numbers
            if not varied and all(map(_equal, before, state)):
                for collected in rows:
                    for other in steps[position:]:
                        collected[other] = collected[k]
                break
        self._counters.pop(counter, None)
        for out, numbers in zip(loop.finals, ever, strict=True):
            self._set(out, numbers)
        for out, collected in zip(loop.collected, rows, strict=True):
            self._set(out, self._stacked(collected, self.shape(out.type.shape)))
        if loop.steps is not None:
            self.patterns.pop(loop.steps, None)

    def _either(self, left: Sequence[Numbers | None], right: Sequence[Numbers | None]) -> State:
        return [
            b if a is None else a if b is None else self.sets.join(a, b)
            for a, b in zip(left, right, strict=True)
        ]

    def _stacked(self, rows: Sequence[Numbers | None], shape: tuple[int, ...]) -> Numbers | None:
        if all(row is None for row in rows):
            return None
        whole = np.full(shape, EMPTY)
        for k, row in enumerate(rows):
            if row is not None:
                whole[k] = row
        return whole


def _equal(left: Numbers | None, right: Numbers | None) -> bool:
    if left is None or right is None:
        return left is right
    return left is right or np.array_equal(left, right)
