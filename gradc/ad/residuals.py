"""What a reverse sweep reads of the forward sweep, and how it comes by it: `Residuals`.

A residual is free (an operand that is there anyway), is computed again from those that are, or
is saved by the forward sweep.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence, Set

from gradc.ad.rules import differentiable
from gradc.ir.graph import DType, Equation, Graph, Type, Var
from gradc.ops.table import PRIMITIVES
from gradc.passes.scopes import read_from_outside

FEW = 24  # equations of a function that is computed again


class Residuals:
    """How to come by the quantities of `equations` that others read.

    `given` is free; `carried` has to be saved.  Computed again is what is `cheap` and can be had
    without saving, and what `little` arithmetic makes of quantities that are there or are saved
    anyway; with `everything`, all that comes of `given` and `carried`.
    """

    def __init__(
        self,
        equations: Sequence[Equation],
        given: Collection[Var],
        carried: Collection[Var] = (),
        everything: bool = False,
    ) -> None:
        self.equations = equations
        self.given = set(given)
        self.carried = carried
        self.everything = everything
        self.free: set[Var] = set()
        self.recomputed: list[Equation] = []
        self.saved: list[Var] = []

    def resolve(self, readers: Iterable[Equation], results: Iterable[Var]) -> None:
        """Find what the readers, and those who take the results, need."""
        needed = set(read_from_outside(readers, results))
        again = self._again(needed)
        for equation in reversed(self.equations):
            if equation.out in again and not needed.isdisjoint(equation.outs):
                self.recomputed.append(equation)
                needed.update(equation.inputs())
        self.recomputed.reverse()
        self.free = needed & self.given
        self.saved = [var for var in self.carried if var in needed]
        for equation in self.equations:
            if equation.out not in again:
                self.saved += [var for var in equation.outs if var in needed]

    def _again(self, needed: Set[Var]) -> set[Var]:
        """The first results of the equations that may be computed again."""
        free = set(self.given)  # without saving anything
        had = free | {var for var in self.carried if self.everything or var in needed}
        again: set[Var] = set()
        for equation in self.equations:
            read = equation.inputs()
            if cheap(equation) and free.issuperset(read):
                free.update(equation.outs)
            elif not (self.everything or little(equation)) or not had.issuperset(read):
                had.update(out for out in equation.outs if out in needed)
                continue
            again.add(equation.out)
            had.update(equation.outs)
        return again


def cheap(equation: Equation) -> bool:
    """Whether computing a result again costs no more than reading what was saved of it.

    So it is for elements that are moved about, for truth values made of such, and for integers,
    truth values and numbers made of integers where none comes of many.
    """
    row, out = PRIMITIVES[equation.op], equation.out
    if row.structural or (
        not row.structured and all(type.dtype is DType.BOOL for type in _types(equation))
    ):
        return True
    if row.structured or any(arg.type.shape not in ((), out.type.shape) for arg in equation.args):
        return False
    return not differentiable(out) or not any(differentiable(arg) for arg in equation.args)


def _types(equation: Equation) -> list[Type]:
    return [equation.out.type, *(arg.type for arg in equation.args)]


def little(equation: Equation) -> bool:
    """Whether a result takes no more than basic arithmetic for each of its elements, by itself or
    by a short function that calls no other."""
    if equation.op != "call":
        return _basic(equation)
    graph: Graph = equation.param("graph")
    return len(graph.equations) <= FEW and all(map(_basic, graph.equations))


def _basic(equation: Equation) -> bool:
    row = PRIMITIVES[equation.op]
    return row.structural or cheap(equation) or (row.elementwise and row.exact is not None)
