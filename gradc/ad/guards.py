"""Which branch a quantity belongs to, so that only the branch taken has a derivative.

Both branches of a selection are ordinary equations; the value picks one, elementwise.  In
forward mode the tangents are picked in the same way.  In reverse mode the adjoint of a
quantity in the branch not taken must be zero *exactly*: a product of a zero adjoint with the
infinite partial of `log(x)` at 0 would be NaN.  So adjoints inside a branch are left as they
are, and each contribution that leaves a branch is selected by the branch's condition.

Note [Regions].  A quantity is in a branch when every use of it is: its guard is the meet of
the guards of its uses in the tree of nested branches.  Guards have a shape.  Elementwise
equations pass a guard to their operands; equations that move elements about pass it moved
in the same way; all others need their operand wherever any element of the result is needed.
"""

from __future__ import annotations

from collections.abc import Sequence

from gradc.ir.dims import Shape
from gradc.ir.graph import Atom, Equation, Lit, Var
from gradc.ops.builder import Builder
from gradc.ops.table import PRIMITIVES


class Guard:
    """A node in the tree of nested branches: under `parent`, where this mask holds."""

    __slots__ = ("depth", "equation", "parent", "position", "shape", "truth")

    def __init__(
        self,
        parent: Guard | None,
        shape: Shape,
        equation: Equation | None = None,
        position: int = 0,
        truth: bool | None = None,
    ) -> None:
        self.parent = parent
        self.depth: int = 1 if parent is None else parent.depth + 1
        self.shape = shape
        self.equation = equation  # the selection, or the equation that moves elements
        self.position = position
        self.truth = truth  # of the selection's condition; None for a derived guard


class Guards:
    """The guards of all quantities of a graph; None stands for "always"."""

    def __init__(self, equations: Sequence[Equation], outputs: Sequence[Var]) -> None:
        self.trivial = not any(PRIMITIVES[op].guarded for op in {eq.op for eq in equations})
        self._of: dict[Var, Guard | None] = dict.fromkeys(outputs)
        self._edges: dict[tuple[Equation, int], Guard | None] = {}
        self._derived: dict[tuple[Guard, Equation | None, int], Guard] = {}
        self._inner: dict[Guard, Guard] = {}
        self._masks: dict[Guard, Atom] = {}
        if not self.trivial:
            self._analyse(equations)

    def of(self, var: Var) -> Guard | None:
        """The guard of a quantity."""
        return self._of.get(var)

    def edge(self, equation: Equation, position: int) -> Guard | None:
        """The guard of one use of a quantity."""
        return self._edges.get((equation, position))

    def summed(self, guard: Guard | None) -> Guard | None:
        """The guard of the elements that are summed into a scalar under this guard."""
        if guard is None or guard.truth is not None or guard.equation is not None:
            return None
        return self._inner[guard]

    def _analyse(self, equations: Sequence[Equation]) -> None:
        for equation in reversed(equations):
            if equation.out not in self._of:
                continue
            for i, arg in enumerate(equation.args):
                if type(arg) is Var:
                    guard = self._edge(equation, i, self._of[equation.out])
                    self._edges[equation, i] = guard
                    self._of[arg] = _meet(self._of[arg], guard) if arg in self._of else guard

    def _edge(self, equation: Equation, i: int, guard: Guard | None) -> Guard | None:
        row = PRIMITIVES[equation.op]
        arg_shape = equation.args[i].type.shape
        if i in row.guarded:
            shape = equation.args[0].type.shape or (guard.shape if guard else ())
            branch = Guard(guard, shape, equation, i, row.guarded[i])
            return branch if arg_shape or not shape else self._anywhere(branch)
        if guard is None or not guard.shape:
            return guard
        if row.elementwise:
            return guard if arg_shape else self._anywhere(guard)
        if row.structural:
            return self._derive(guard, equation, i, arg_shape)
        return self._anywhere(guard)

    def _anywhere(self, guard: Guard) -> Guard:
        return self._derive(guard, None, 0, ())

    def _derive(self, guard: Guard, equation: Equation | None, i: int, shape: Shape) -> Guard:
        key = (guard, equation, i)
        if key not in self._derived:
            outer = guard.parent
            while outer is not None and outer.shape:
                outer = outer.parent
            self._derived[key] = Guard(outer, shape, equation, i)
            self._inner[self._derived[key]] = guard
        return self._derived[key]

    def select(self, b: Builder, guard: Guard, value: Atom) -> Atom:
        """The value where the guard holds, else exactly zero."""
        if guard.truth is False and guard.parent is None:
            assert guard.equation is not None
            return b.apply("select", (guard.equation.args[0], Lit(0.0), value))
        return b.apply("select", (self._mask(b, guard), value, Lit(0.0)))

    def _mask(self, b: Builder, guard: Guard) -> Atom:
        """The truth of a guard, written once; iterative over nested branches."""
        chain = [guard]
        while chain[-1] not in self._masks:
            below = self._needs(chain[-1])
            if below is None or below in self._masks:
                break
            chain.append(below)
        for node in reversed(chain):
            if node not in self._masks:
                self._masks[node] = self._write(b, node)
        return self._masks[guard]

    def _needs(self, guard: Guard) -> Guard | None:
        return guard.parent if guard.truth is not None else self._inner[guard]

    def _write(self, b: Builder, guard: Guard) -> Atom:
        if guard.truth is not None:
            assert guard.equation is not None
            own: Atom = guard.equation.args[0]
            if not guard.truth:
                own = b.apply("not", (own,))
            return own if guard.parent is None else b.apply("and", (self._masks[guard.parent], own))
        inner = self._masks[self._inner[guard]]
        if guard.equation is None:
            axes = (("axes", tuple(range(len(inner.type.shape)))),)
            return b.apply("gt", (b.emit("count", (inner,), axes), Lit(0.0)))
        transpose = PRIMITIVES[guard.equation.op].transpose
        assert transpose is not None
        moved = transpose(b, guard.equation, b.apply("real", (inner,)), guard.position)
        return b.apply("gt", (moved, Lit(0.0)))


def _meet(left: Guard | None, right: Guard | None) -> Guard | None:
    """The innermost guard that contains both."""
    while left is not right:
        if left is None or right is None:
            return None
        if left.depth >= right.depth:
            left = left.parent
        else:
            right = right.parent
    return left
