"""What is special about some results of equations, in a module with arrays.

A scalar may be one of Python's own numbers, whose operators raise: NumPy's follow IEEE 754,
Python's do not where a number is divided by zero or a power overflows, so an operator between
two of the latter needs a guard.  A literal and a size are Python's, and so is what is computed
of nothing else; what comes out of an array is not.

An index may be doubtful: checked for some elements only, where there may be none in range.

Invariant: one pass over the equations, two over the body of a loop.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from gradc.ir.graph import Atom, DType, Equation, Graph, Var
from gradc.ops.control import Loop
from gradc.ops.indexing import partly_checked
from gradc.ops.primitive import Fn
from gradc.ops.table import PRIMITIVES

# For each function, which of its results may be Python's own numbers.
Results = Mapping[Graph, tuple[bool, ...]]


# Of Python's integers these make NumPy's, which wrap where a product of them is too large.
_KEEPS_INTEGERS = ("np.maximum", "np.minimum", "np.abs", "np.sign")


class Notes:
    """What is known of the quantities of one function."""

    def __init__(self, results: Results, plain_reals: bool = True) -> None:
        """Without `plain_reals` real literals and sizes are made NumPy's wherever they occur."""
        self.doubtful: set[Var] = set()
        self._plain: set[Var] = set()
        self._results = results
        self._plain_reals = plain_reals

    def plain(self, atom: Atom) -> bool:
        """Whether an atom may be one of Python's own numbers."""
        if type(atom) is Var:
            return atom in self._plain
        return self._plain_reals or atom.type.dtype is not DType.REAL

    def add(self, equations: Iterable[Equation]) -> None:
        """Note the results of equations."""
        for equation in equations:
            if equation.op == "loop":
                self._loop(equation)
            elif equation.op == "call":
                flags = self._results[equation.param("graph")]
                outs = zip(equation.outs, flags, strict=True)
                self._plain.update(out for out, flag in outs if flag)
            elif not equation.out.type.shape and self._computed_plain(equation):
                self._plain.add(equation.out)
            if partly_checked(equation):
                self.doubtful.add(equation.out)

    def results(self, graph: Graph, given: Iterable[Var] = ()) -> tuple[bool, ...]:
        """Which results of a function may be Python's own numbers.

        Its integer arguments may be, of its real ones those that are `given`.
        """
        self._plain.update(given)
        scalars = (var for var in graph.inputs if not var.type.shape)
        self._plain.update(var for var in scalars if var.type.dtype is not DType.REAL)
        self.add(graph.equations)
        return tuple(var in self._plain for var in graph.outputs)

    def _computed_plain(self, equation: Equation) -> bool:
        row = PRIMITIVES[equation.op]
        spelling = row.spell["numpy"]
        if equation.op == "real":
            return False
        if isinstance(spelling, Fn) and spelling.name not in _KEEPS_INTEGERS:
            return False
        if row.guarded:
            return any(self.plain(equation.args[i]) for i in row.guarded)
        return all(map(self.plain, equation.args))

    def _loop(self, equation: Equation) -> None:
        """A carried scalar may be plain where its first value or a later one may be."""
        loop = Loop.of(equation)
        index, *before = loop.body.inputs[: 1 + loop.carried]
        self._plain.add(index)
        scalars = [i for i in range(loop.carried) if not before[i].type.shape]
        self._plain.update(before[i] for i in scalars if self.plain(loop.initial[i]))
        self.add(loop.body.equations)
        after = loop.body.outputs
        if any(before[i] not in self._plain and self.plain(after[i]) for i in scalars):
            self._plain.update(before[i] for i in scalars)  # one may make another plain
            self.add(loop.body.equations)
        if loop.condition is not None:
            self.add(loop.condition.equations)
        self._plain.update(loop.finals[i] for i in scalars if before[i] in self._plain)
        if loop.steps is not None:
            self._plain.add(loop.steps)
