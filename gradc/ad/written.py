"""The equations of a graph while derivatives are added to it: `Written`.

They stand in a builder in their order.  A derivative may replace one of those that are there by
others with the same results, which later derivatives then find: all of them, or, where it only
has tangents more, what it was before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from heapq import heappop, heappush

from gradc.ir.graph import Equation, Var
from gradc.ops.builder import Builder


class Written:
    """What a builder holds, with replacements."""

    def __init__(self, b: Builder) -> None:
        self.builder = b
        self._slots: list[list[Equation]] = []  # what stands for each equation of the builder
        self._places: dict[Var, tuple[int, int]] = {}
        self._narrow: dict[Var, Equation] = {}  # what stood there before it had tangents

    def note(self) -> None:
        """Take over what was written since the last time."""
        for equation in self.builder.equations[len(self._slots) :]:
            self._slots.append([])
            self._enter(len(self._slots) - 1, [equation])

    def equations(self) -> Iterator[Equation]:
        """All equations, in order."""
        for slot in self._slots:
            yield from slot

    def replace(self, equation: Equation) -> None:
        """Put an equation in the place of the one that defines the same first result."""
        self.open(equation.out, [equation])

    def open(self, out: Var, equations: Sequence[Equation]) -> None:
        """Put equations in the place of the one that defines a variable."""
        slot, index = self._places[out]
        before = self._slots[slot]
        self._enter(slot, [*before[:index], *equations, *before[index + 1 :]])

    def widen(self, equation: Equation, equations: Sequence[Equation]) -> None:
        """Put equations in the place of one that stands there, of which one has its results and
        perhaps their tangents."""
        slot, index = self._places[equation.out]
        if self._slots[slot][index] is not equation:
            equations = [self._slots[slot][index], *equations[1:]]
        elif equations[0] is not equation and equation.others != equations[0].others:
            self._narrow[equation.out] = equation
        self.open(equation.out, equations)

    def stands(self, equation: Equation) -> bool:
        """Whether an equation is there as it is."""
        slot, index = self._places[equation.out]
        return self._slots[slot][index] is equation

    def between(self, start: Var, end: Var) -> list[Equation]:
        """The equations on which `end` depends, but for what only `start` depends on."""
        return list(reversed(self._found(start, end, False).values()))

    def narrow(self, start: Var, end: Var) -> list[Equation]:
        """As `between`, but equations as they were before they had tangents, where nothing that
        `end` depends on reads those."""
        return list(reversed(self._found(start, end, True).values()))

    def _found(self, start: Var, end: Var, narrow: bool) -> dict[tuple[int, int], Equation]:
        """Equations by their places, the last one first."""
        found: dict[tuple[int, int], Equation] = {}
        wanted: set[Var] = set()
        pending: list[tuple[int, int]] = []  # of places, the last one first

        def want(var: Var) -> None:
            if var is not start and var not in wanted and var in self._places:
                wanted.add(var)
                slot, index = self._places[var]
                heappush(pending, (-slot, -index))

        want(end)
        while pending:
            slot, index = (-number for number in heappop(pending))
            if (slot, index) in found:
                continue
            equation = self._slots[slot][index]
            before = self._narrow.get(equation.out) if narrow else None
            if before is not None and wanted.isdisjoint(set(equation.outs) - set(before.outs)):
                equation = before
            found[slot, index] = equation
            for var in equation.inputs():
                want(var)
        return found

    def _enter(self, slot: int, equations: Sequence[Equation]) -> None:
        self._slots[slot] = list(equations)
        for index, equation in enumerate(equations):
            self._places.update(dict.fromkeys(equation.outs, (slot, index)))
