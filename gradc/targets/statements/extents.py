"""Which axes the expression of a quantity has: NumPy repeats it along the others by itself.

A quantity that is repeated along some axes may be written without them, as `c[:, None]`, where
all that reads it is elementwise and has them from another operand, or is in turn read so.  What
needs all axes, a name above all, gets them from `np.broadcast_to`.

Invariant: the expression of a quantity that is not in `partial` has the whole shape.
"""

from __future__ import annotations

from collections.abc import Iterable

from gradc.ir.graph import Equation, Var
from gradc.ops.table import PRIMITIVES

Axes = tuple[bool, ...]


class Extents:
    """The axes that the expressions of one function have."""

    def __init__(self) -> None:
        self.partial: dict[Var, Axes] = {}
        self._whole: set[Var] = set()  # that something reads which needs the whole shape
        self._numbers: set[Var] = set()  # that are one number for all elements

    def note(self, equations: Iterable[Equation], results: Iterable[Var]) -> None:
        """Note what needs the whole shape of its operands."""
        for equation in equations:
            if equation.op == "broadcast":
                if not equation.param("axes") or equation.args[0] in self._numbers:
                    self._numbers.add(equation.out)
                else:
                    self._whole.update(equation.inputs())
            elif not _repeats(equation):
                self._whole.update(equation.inputs())
        self._whole.update(results)

    def may_lack_axes(self, var: Var) -> bool:
        """Whether all that reads a quantity repeats it as need be."""
        return var not in self._whole

    def of(self, equation: Equation) -> Axes | None:
        """The axes that a result has as computed; None where it has them all."""
        shape = equation.out.type.shape
        if not shape:
            return None
        if equation.op == "broadcast":
            kept = () if equation.args[0] in self.partial else equation.param("axes")
            axes = [axis in kept for axis in range(len(shape))]
        elif self.partial and _repeats(equation):
            axes = [False] * len(shape)
            for arg in equation.args:
                if arg.type.shape:
                    found = self.partial.get(arg) if type(arg) is Var else None
                    if found is None:
                        return None
                    axes = [a or b for a, b in zip(axes, found, strict=True)]
        else:
            return None
        return None if all(axes) else tuple(axes)


def _repeats(equation: Equation) -> bool:
    """Whether NumPy repeats the operands of an equation to one shape."""
    row = PRIMITIVES[equation.op]
    if not row.elementwise:
        return False
    # A selection by one truth value takes one operand or the other as it is.
    return not row.guarded or bool(equation.args[0].type.shape)
