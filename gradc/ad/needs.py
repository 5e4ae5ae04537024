"""Which elements of the results of a loop are needed, as its adjoint sees it: `Needs`.

Where a branch takes some elements of a result only, nothing of the others may reach a
derivative.  Of a collected quantity, the adjoint of a step reads the row that belongs to it of
what is needed.  Of the carried ones, what is needed before a step follows from what is needed
after it, so the adjoint carries that along.
"""

from __future__ import annotations

from collections.abc import Sequence

from gradc.ad.guards import Guards
from gradc.ir.dims import Shape
from gradc.ir.graph import BOOL, Atom, Equation, Lit, Type, Var
from gradc.ops.builder import Builder
from gradc.ops.steps import row_equation


class Needs:
    """Needs of the results with the positions `carried` and `collected`.

    `taken` has what the body of the adjoint knows of each, None where all elements are needed.
    `before` are what the body carries, and `first` their first values.
    """

    def __init__(
        self,
        guards: Guards,
        scope: Builder,
        inner: Builder,
        equation: Equation,
        carried: Sequence[int],
        collected: Sequence[int],
    ) -> None:
        self.inner = inner
        self.taken: list[Atom | None] = []
        self.first: list[Atom] = []
        self.before: list[Var] = []
        self._places: list[int] = []
        self._rows: list[tuple[Var, Atom]] = []
        outs = equation.outs
        partly = any(guards.by_element(outs[i]) for i in carried)
        for place, i in enumerate(carried):
            shape = outs[i].type.shape
            if not partly or not shape:
                self.taken.append(None)
                continue
            mask = guards.taken(scope, outs[i])
            self.first.append(scope.fill(Lit(True, BOOL) if mask is None else mask, shape))
            self.before.append(self._new(outs[i].type.shape))
            self.taken.append(self.before[-1])
            self._places.append(place)
        for i in collected:
            mask = guards.taken(scope, outs[i]) if guards.by_element(outs[i]) else None
            if mask is not None and mask.type.shape:
                row = self._new(mask.type.shape[1:])
                self._rows.append((row, mask))
                mask = row
            self.taken.append(mask)

    def _new(self, shape: Shape) -> Var:
        return Var(self.inner.fresh(self.inner.stem), Type(BOOL.dtype, shape))

    def read_rows(self, number: Atom) -> None:
        """Write what is read of collected quantities in the step with a number."""
        for row, mask in self._rows:
            self.inner.append(row_equation(row, mask, number))

    def earlier(self, guards: Guards, inputs: Sequence[Var]) -> list[Atom]:
        """What is needed of carried quantities before the step, by the guards within it."""
        found: list[Atom] = []
        for place in self._places:
            mask = guards.taken(self.inner, inputs[place])
            shape = inputs[place].type.shape
            found.append(self.inner.fill(Lit(True, BOOL) if mask is None else mask, shape))
        return found
