"""The equations of a graph while derivatives are added to it: `Written`.

They stand in a builder in their order.  A derivative may replace one of those that are there by
others with the same results, which later derivatives then find.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gradc.ir.graph import Equation, Var
from gradc.ops.builder import Builder


class Written:
    """What a builder holds, with replacements."""

    def __init__(self, b: Builder) -> None:
        self.builder = b
        self._slots: list[list[Equation]] = []  # what stands for each equation of the builder
        self._places: dict[Var, tuple[int, int]] = {}

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

    def between(self, start: Var, end: Var) -> list[Equation]:
        """The equations on which `end` depends, but for what only `start` depends on."""
        found: dict[tuple[int, int], None] = {}
        pending, seen = [end], {start}
        while pending:
            var = pending.pop()
            place = self._places.get(var)
            if var in seen or place is None:
                continue
            found[place] = None
            slot, index = place
            equation = self._slots[slot][index]
            seen.update(equation.outs)
            pending += equation.inputs()
        return [self._slots[slot][index] for slot, index in sorted(found)]

    def _enter(self, slot: int, equations: Sequence[Equation]) -> None:
        self._slots[slot] = list(equations)
        for index, equation in enumerate(equations):
            self._places.update(dict.fromkeys(equation.outs, (slot, index)))
