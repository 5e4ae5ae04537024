"""What a reverse sweep reads of the forward sweep, and how it comes by it: `Residuals`.

A residual is free (an operand that is there anyway), is computed again from those that are, or
is saved by the forward sweep.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence

from gradc.ad.rules import differentiable
from gradc.ir.graph import Equation, Var
from gradc.ops.table import PRIMITIVES
from gradc.passes.scopes import read_from_outside


class Residuals:
    """How to come by the quantities of `equations` that others read.

    `given` is free; `carried` has to be saved.  An equation is computed again where `again` says
    so and its operands can be had without saving, or, with `from_carried`, from what is carried.
    """

    def __init__(
        self,
        equations: Sequence[Equation],
        given: Collection[Var],
        again: Callable[[Equation], bool],
        carried: Collection[Var] = (),
        from_carried: bool = False,
    ) -> None:
        self.equations = equations
        self.given = set(given)
        self.carried = carried
        self.free: set[Var] = set()
        self.recomputed: list[Equation] = []
        self.saved: list[Var] = []
        self._had = self.given.union(carried if from_carried else ())
        self._again: set[Var] = set()
        for equation in equations:
            if again(equation) and all(var in self._had for var in equation.inputs()):
                self._had.update(equation.outs)
                self._again.update(equation.outs)

    def resolve(self, readers: Iterable[Equation], results: Iterable[Var]) -> None:
        """Find what the readers, and those who take the results, need."""
        needed = set(read_from_outside(readers, results))
        for equation in reversed(self.equations):
            if any(out in needed and out in self._again for out in equation.outs):
                self.recomputed.append(equation)
                needed.update(equation.inputs())
        self.recomputed.reverse()
        self.free = needed & self.given
        self.saved = [var for var in self.carried if var in needed]
        for equation in self.equations:
            self.saved += [v for v in equation.outs if v in needed and v not in self._again]


def cheap(equation: Equation) -> bool:
    """Whether computing a result again costs no more than reading what was saved of it.

    So it is for elements that are moved about, and for integers, truth values and numbers made
    of integers where none comes of many.
    """
    row, out = PRIMITIVES[equation.op], equation.out
    if row.structural:
        return True
    if row.structured or any(arg.type.shape not in ((), out.type.shape) for arg in equation.args):
        return False
    return not differentiable(out) or not any(differentiable(arg) for arg in equation.args)


def any_equation(equation: Equation) -> bool:
    """Whether an equation may be computed again: all may."""
    return True
